// The table of round-trip times, as regions measured them, for steps that say `fastest`. One network a line:
//
//   PREFIX  REGION MILLISECONDS  [REGION MILLISECONDS …]
//
//   # by our probes in the regions                everything from # on is a comment
//   203.0.113.0/24   eu-west 12   us-east 95.5
//   2001:db8::/32    us-east 20
//
// The longest prefix that holds a client counts, whole: what its line does not name was not measured. All faults are found
// at once.
import { readFileSync } from 'node:fs'
import { nearestWord, type Fault } from '../base/fault.ts'
import { formatPrefix, parsePrefix } from '../base/prefix.ts'
import type { RoundTrips } from '../steer/steer.ts'

export interface RoundTripLoad {
  readonly roundTrips: RoundTrips
  readonly faults: readonly Fault[]
}

/** More lines are refused: each tells a network of clients apart in the maps of every service that asks. */
const MAX_LINES = 100_000

/** A minute: beyond it no answer comes, and the unit is another. */
const MAX_MS = 60_000

/** Reads the file, or says everything that is wrong with it. `regions`: those that are defined. */
export function loadRoundTrips(file: string, regions: Iterable<string>): RoundTripLoad {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const message = `the round-trip times cannot be read: ${(error as Error).message}`
    return refuse({ code: 'unreadable', severity: 'error', place: { file }, message })
  }
  return parseRoundTrips(text, file, regions)
}

/** The same from memory. */
export function parseRoundTrips(text: string, file: string, regions: Iterable<string>): RoundTripLoad {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (lines.length > MAX_LINES) {
    const message = `more than ${MAX_LINES} lines`
    return refuse({ code: 'file-too-large', severity: 'error', place: { file }, message, hint: 'merge networks' })
  }
  const reader = new Reader(file, new Set(regions))
  for (const [index, line] of lines.entries()) reader.read(line, index + 1)
  return { roundTrips: reader.roundTrips, faults: reader.faults }
}

function refuse(fault: Fault): RoundTripLoad {
  return { roundTrips: new Map(), faults: [fault] }
}

interface Word {
  readonly text: string
  /** Counts from 1. */
  readonly column: number
}

class Reader {
  readonly roundTrips = new Map<string, Readonly<Record<string, number>>>()
  readonly faults: Fault[] = []
  readonly #file: string
  readonly #regions: ReadonlySet<string>

  constructor(file: string, regions: ReadonlySet<string>) {
    this.#file = file
    this.#regions = regions
  }

  read(content: string, line: number): void {
    const words = Array.from(content.replace(/#.*/s, '').matchAll(/\S+/g), (match): Word => {
      return { text: match[0], column: match.index + 1 }
    })
    const [first, ...rest] = words
    if (!first) return
    const prefix = this.#readPrefix(first, line)
    const times = this.#readTimes(rest, first, line)
    if (prefix !== undefined) this.roundTrips.set(prefix, times)
  }

  #readPrefix(word: Word, line: number): string | undefined {
    const prefix = parsePrefix(word.text)
    const text = prefix && formatPrefix(prefix)
    const hint = 'write 192.0.2.0/24, with no bit beyond the length'
    if (text === undefined) this.#complain(line, word, 'bad-prefix', `${word.text} is no prefix`, hint)
    else if (this.roundTrips.has(text)) {
      this.#complain(line, word, 'duplicate-prefix', `${text} stands here twice`, 'keep one')
    }
    return text
  }

  #readTimes(words: readonly Word[], prefix: Word, line: number): Readonly<Record<string, number>> {
    const times: Record<string, number> = {}
    if (words.length === 0 || words.length % 2 > 0) {
      const message = `${prefix.text} needs pairs of a region and its milliseconds`
      this.#complain(line, prefix, 'bad-line', message, 'a line is PREFIX REGION MILLISECONDS …')
      return times
    }
    for (let i = 0; i < words.length; i += 2) {
      const [region, time] = [words[i]!, words[i + 1]!]
      const ms = /^\d+(\.\d+)?$/.test(time.text) ? Number(time.text) : NaN
      if (!this.#regions.has(region.text)) this.#complainOfRegion(line, region)
      if (!(ms >= 0 && ms <= MAX_MS)) {
        const message = `${time.text} are no milliseconds from 0 to ${MAX_MS}`
        this.#complain(line, time, 'bad-time', message, 'such as 12 or 95.5')
      }
      times[region.text] = ms
    }
    return times
  }

  #complainOfRegion(line: number, { text, column }: Word): void {
    const near = nearestWord(text, this.#regions)
    const hint = near === undefined ? 'add it to `regions`' : `did you mean ${near}?`
    this.#complain(line, { text, column }, 'unknown-name', `${text} is no region`, hint)
  }

  #complain(line: number, { column }: Word, code: string, message: string, hint: string): void {
    this.faults.push({ code, severity: 'error', place: { file: this.#file, line, column }, message, hint })
  }
}
