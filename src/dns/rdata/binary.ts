// Fields that are bytes: in hexadecimal or base64 to the end of the rdata (digests, keys, certificates), or with a length
// before them (the salt and hash of NSEC3).
import type { Reader } from '../reader.ts'
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'
import { badField, takeToken, type Field, type RdataProblem } from './field.ts'

const DASH = 0x2d
/** RFC 4648 §7. */
const BASE32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
/** Bits that are left over behind whole bytes, fewer than a digit's five. */
const MAX_SPARE_BITS = 4

/** Hexadecimal digits in any number of tokens, at least one byte. */
export function hex(label: string): Field {
  return {
    label,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const bad = parseHex(tokens, out)
      return bad ? badField(label, 'hexadecimal digits in pairs', tokens) : undefined
    },
    print: (rdata) => toHex(rdata.take(rdata.left)),
    read: (rdata, out) => readRest(rdata, out, 1),
  }
}

/** Base64 (RFC 4648 §4) in any number of tokens; at least one byte unless it may be missing. */
export function base64(label: string, presence: 'required' | 'optional' = 'required'): Field {
  return {
    label,
    parse: (tokens, out) => {
      if (!tokens.next()) return presence === 'optional' ? undefined : takeToken(label, tokens)
      return parseBase64(label, tokens, out)
    },
    print: (rdata) => Buffer.from(rdata.take(rdata.left)).toString('base64'),
    read: (rdata, out) => readRest(rdata, out, presence === 'optional' ? 0 : 1),
  }
}

/** Up to 255 bytes in hexadecimal with a length before them; `-` when there are none (RFC 5155 §3.3). */
export const salt: Field = {
  label: 'salt',
  parse: (tokens, out) => {
    const missing = takeToken('salt', tokens)
    if (missing) return missing
    const { bytes, start, end } = tokens
    const isNone = end - start === 1 && bytes[start] === DASH
    const fits = isNone || ((end - start) % 2 === 0 && end - start <= 510)
    if (!fits) return badField('salt', 'hexadecimal digits in pairs, or -', tokens)
    out.u8(isNone ? 0 : (end - start) / 2)
    const bad = !isNone && parseHexToken(tokens, out, -1) !== -1
    return bad ? badField('salt', 'hexadecimal digits in pairs, or -', tokens) : undefined
  },
  print: (rdata) => toHex(rdata.take(rdata.u8())) || '-',
  read: (rdata, out) => readCounted(rdata, out, 0),
}

/** Up to 255 bytes in base32 (RFC 4648 §7, without padding) with a length before them (RFC 5155 §3.3). */
export const hash: Field = {
  label: 'hash',
  parse: (tokens, out) => {
    const missing = takeToken('hash', tokens)
    if (missing) return missing
    const mark = out.length
    out.u8(0)
    const length = parseBase32(tokens, out) ? out.length - mark - 1 : 0
    if (length < 1 || length > 255) return badField('hash', 'base32 of 1 to 255 bytes', tokens)
    out.bytes[mark] = length
    return undefined
  },
  print: (rdata) => toBase32(rdata.take(rdata.u8())),
  read: (rdata, out) => readCounted(rdata, out, 1),
}

/** Appends the bytes of the current token and all that follow; digits pair up across tokens. True when they do not. */
export function parseHex(tokens: Tokens, out: Writer): boolean {
  let half = -1
  do {
    half = parseHexToken(tokens, out, half)
    if (half === BAD_DIGIT) return true
  } while (tokens.next())
  return half >= 0
}

const BAD_DIGIT = -2

/** Appends the bytes of one token; `half` is a digit that waits for its other, −1 for none. Returns the new one. */
function parseHexToken({ bytes, start, end }: Tokens, out: Writer, half: number): number {
  for (let i = start; i < end; i++) {
    const digit = hexDigit(bytes[i]!)
    if (digit < 0) return BAD_DIGIT
    if (half < 0) half = digit
    else {
      out.u8((half << 4) | digit)
      half = -1
    }
  }
  return half
}

export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** Appends the bytes of the current token and all that follow. Canonical only: what encodes to the same text again. */
function parseBase64(label: string, tokens: Tokens, out: Writer): RdataProblem | undefined {
  let text = ''
  do text += tokens.text()
  while (tokens.next())
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.toString('base64') !== text) return badField(label, 'base64', tokens)
  out.copy(bytes)
  return undefined
}

function parseBase32(tokens: Tokens, out: Writer): boolean {
  let bits = 0
  let spare = 0
  for (const digit of tokens.text().toUpperCase()) {
    const value = BASE32.indexOf(digit)
    if (value < 0) return false
    bits = ((bits << 5) | value) & 0xfff
    spare += 5
    if (spare < 8) continue
    spare -= 8
    out.u8(bits >> spare)
  }
  return spare <= MAX_SPARE_BITS && (bits & ((1 << spare) - 1)) === 0
}

function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let spare = 0
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff
    for (spare += 8; spare >= 5; spare -= 5) text += BASE32[(bits >> (spare - 5)) & 31]!
  }
  return spare === 0 ? text : text + BASE32[(bits << (5 - spare)) & 31]!
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase()
}

function readRest(rdata: Reader, out: Writer, least: number): boolean {
  if (rdata.left < least) return false
  out.copy(rdata.take(rdata.left))
  return true
}

function readCounted(rdata: Reader, out: Writer, least: number): boolean {
  const length = rdata.has(1) ? rdata.bytes[rdata.at]! : -1
  if (length < least || !rdata.has(1 + length)) return false
  out.copy(rdata.take(1 + length))
  return true
}
