// Fields that speak of record types: the one that a signature covers, and the set of those at a name, which is a bitmap on
// the wire (RFC 4034 §4.1.2).
import { nearestWord } from '../../base/fault.ts'
import type { Reader } from '../reader.ts'
import type { Tokens } from '../tokens.ts'
import { formatType, MAX_WIRE_TYPE, parseType, TYPE_NAMES } from '../types.ts'
import type { Writer } from '../writer.ts'
import { badField, takeToken, type Field, type RdataProblem } from './field.ts'

const WINDOW_BYTES = 32

/** A type by mnemonic or as TYPEnnn, 16 bits. */
export const coveredType: Field = {
  label: 'type covered',
  size: 2,
  parse: (tokens, out) => {
    const missing = takeToken('type covered', tokens)
    if (missing) return missing
    const type = wireType(tokens)
    if (type === undefined) return noType('type covered', tokens)
    out.u16(type)
    return undefined
  },
  print: (rdata) => formatType(rdata.u16()),
  read: (rdata, out) => {
    if (!rdata.has(2)) return false
    out.u16(rdata.u16())
    return true
  },
}

/** Types in any order, to the end of the rdata; perhaps none. */
export const typeSet: Field = {
  label: 'types',
  parse: (tokens, out) => {
    const types = new Set<number>()
    while (tokens.next()) {
      const type = wireType(tokens)
      if (type === undefined) return noType('types', tokens)
      types.add(type)
    }
    writeBitmap([...types], out)
    return undefined
  },
  print: (rdata) => {
    const words: string[] = []
    while (rdata.left > 0) words.push(...readWindow(rdata).map(formatType))
    return words.join(' ')
  },
  read: (rdata, out) => {
    for (let last = -1; rdata.left > 0;) {
      const length = rdata.has(2) ? rdata.bytes[rdata.at + 1]! : 0
      if (length === 0 || length > WINDOW_BYTES || !rdata.has(2 + length)) return false
      const window = rdata.take(2 + length)
      // Windows ascend, and none ends in a byte without a type.
      if (window[0]! <= last || window[1 + length] === 0) return false
      last = window[0]!
      out.copy(window)
    }
    return true
  },
}

function noType(label: string, tokens: Tokens): RdataProblem {
  const nearest = nearestWord(tokens.text(), TYPE_NAMES)
  const problem = badField(label, label === 'types' ? 'record types' : 'a record type', tokens)
  return nearest === undefined ? problem : { ...problem, hint: `did you mean ${nearest}?` }
}

/** The current token as a type that the wire knows. */
function wireType(tokens: Tokens): number | undefined {
  const type = tokens.quoted ? undefined : parseType(tokens.text())
  return type !== undefined && type <= MAX_WIRE_TYPE ? type : undefined
}

function writeBitmap(types: readonly number[], out: Writer): void {
  const windows = new Set(types.map((type) => type >> 8).sort((a, b) => a - b))
  for (const window of windows) {
    const members = types.filter((type) => type >> 8 === window).map((type) => type & 0xff)
    const bits = new Uint8Array((Math.max(...members) >> 3) + 1)
    for (const member of members) bits[member >> 3]! |= 0x80 >> (member & 7)
    out.u8(window)
    out.u8(bits.length)
    out.copy(bits)
  }
}

function readWindow(rdata: Reader): number[] {
  const window = rdata.u8()
  const bits = rdata.take(rdata.u8())
  const members = Array.from({ length: bits.length * 8 }, (_, member) => member)
  return members.filter((member) => (bits[member >> 3]! & (0x80 >> (member & 7))) !== 0).map((m) => (window << 8) | m)
}
