// The texts that a zone is made of, laid end to end in one space of positions, so that a record remembers where it stood
// in one integer. Lines and columns are counted only when a fault needs them.
import type { Place } from '../base/fault.ts'

const NEWLINE = 0x0a

interface Source {
  readonly file: string
  readonly bytes: Uint8Array
  /** The position of its first byte. */
  readonly base: number
  /** Offsets at which lines start; counted at the first fault. */
  lines: Int32Array | undefined
}

export class Sources {
  readonly #sources: Source[] = []
  #end = 0

  /** Adds a text (the same file may be included twice) and gives the position of its first byte. */
  add(file: string, bytes: Uint8Array): number {
    const base = this.#end
    this.#sources.push({ file, bytes, base, lines: undefined })
    this.#end += bytes.length + 1
    return base
  }

  /** Where that position is, for people: columns count characters. */
  place(position: number): Place {
    const source = this.#sources[lastAtMost(this.#sources.length, (i) => this.#sources[i]!.base, position)]!
    const lines = (source.lines ??= countLines(source.bytes))
    const offset = position - source.base
    const line = lastAtMost(lines.length, (i) => lines[i]!, offset)
    const before = new TextDecoder().decode(source.bytes.subarray(lines[line], offset))
    return { file: source.file, line: line + 1, column: Array.from(before).length + 1 }
  }
}

function countLines(bytes: Uint8Array): Int32Array {
  const starts = [0]
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) starts.push(at + 1)
  return Int32Array.from(starts)
}

/** The index of the last of so many ascending starts that is not after the position; the first one is never after it. */
function lastAtMost(count: number, startOf: (index: number) => number, position: number): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (startOf(middle) <= position) low = middle
    else high = middle - 1
  }
  return low
}
