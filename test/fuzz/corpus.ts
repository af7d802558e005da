// The inputs that were kept because each did something that none before it did. Text files, so that a change of them can be
// read: packets a line each, zones a file each, named by their hash. An input that once found a bug does not belong here, where
// a better one may take its place, but into a test that is named after the bug.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashText } from '../../src/base/random.ts'
import { formatCase, parseCase, type PacketCase } from './packet-case.ts'

const FOLDER = join(import.meta.dirname, 'corpus')
const PACKETS = join(FOLDER, 'packets.txt')
const ZONES = join(FOLDER, 'zones')

export interface Corpus {
  readonly packets: readonly PacketCase[]
  readonly zones: readonly Uint8Array[]
}

export function readCorpus(): Corpus {
  const packets = readFileSync(PACKETS, 'utf8').split('\n').filter(Boolean).map(parseCase)
  const zones = readdirSync(ZONES).sort()
  return { packets, zones: zones.map((name) => Uint8Array.from(readFileSync(join(ZONES, name)))) }
}

/** Replaces what was kept. */
export function writeCorpus({ packets, zones }: Corpus): void {
  writeFileSync(PACKETS, `${packets.map(formatCase).sort().join('\n')}\n`)
  rmSync(ZONES, { recursive: true, force: true })
  mkdirSync(ZONES, { recursive: true })
  for (const text of zones) {
    const name = hashText(Buffer.from(text).toString('latin1')).toString(16).padStart(8, '0')
    writeFileSync(join(ZONES, `${name}.zone`), text)
  }
}

/** The fewest and shortest of some inputs that still show all they show together, or nearly so: short ones are asked first. */
export function distil<T>(inputs: readonly T[], size: (input: T) => number, isNews: (input: T) => boolean): T[] {
  return inputs.toSorted((a, b) => size(a) - size(b)).filter(isNews)
}
