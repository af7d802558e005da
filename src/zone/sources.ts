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
    const source = this.#sources.findLast(({ base }) => base <= position)!
    source.lines ??= countLines(source.bytes)
    const offset = position - source.base
    const line = lastAtMost(source.lines, offset)
    const before = new TextDecoder().decode(source.bytes.subarray(source.lines[line], offset))
    return { file: source.file, line: line + 1, column: Array.from(before).length + 1 }
  }
}

function countLines(bytes: Uint8Array): Int32Array {
  const starts = [0]
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) starts.push(at + 1)
  return Int32Array.from(starts)
}

/** The index of the last start that is not after the offset. */
function lastAtMost(starts: Int32Array, offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return low
}
