// Generic rdata (RFC 3597 §5): `\# length hex…`, for types that we do not know, and understood for those that we do.
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'
import { parseHex } from './binary.ts'
import { badField, type RdataProblem } from './field.ts'
import { parseNumber } from './numbers.ts'

const BACKSLASH = 0x5c
const HASH = 0x23

/** True when the current token opens generic rdata. */
export function isGenericMark({ bytes, start, end, quoted }: Tokens): boolean {
  return !quoted && end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === HASH
}

/** Appends the bytes that follow the mark. */
export function parseGeneric(tokens: Tokens, out: Writer): RdataProblem | undefined {
  const length = tokens.next() ? parseNumber(tokens, 0xffff) : undefined
  if (length === undefined) return badField('rdata length', 'a number from 0 to 65535', tokens)
  const mark = out.length
  if (tokens.next() && parseHex(tokens, out)) return badField('rdata', 'hexadecimal digits in pairs', tokens)
  if (out.length - mark === length) return undefined
  return { code: 'bad-rdata-length', message: `the rdata has ${out.length - mark} bytes, not ${length}` }
}

export function formatGeneric(rdata: Uint8Array): string {
  const digits = Buffer.from(rdata).toString('hex').toUpperCase()
  return digits === '' ? '\\# 0' : `\\# ${rdata.length} ${digits}`
}
