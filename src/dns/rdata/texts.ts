// Fields that are text: character-strings (RFC 1035 §3.3), which are any bytes up to 255, and the longer text that ends CAA and URI.
import { isDigit, readEscape } from '../escape.ts'
import type { Reader } from '../reader.ts'
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'
import { badField, takeToken, type Field, type RdataProblem } from './field.ts'

const MAX_STRING_BYTES = 255
const BACKSLASH = 0x5c

const BAD_ESCAPE: RdataProblem = {
  code: 'bad-escape',
  message: 'a backslash is followed by neither a character nor three digits up to 255',
}

const TOO_LONG: RdataProblem = {
  code: 'string-too-long',
  message: `a string is longer than ${MAX_STRING_BYTES} bytes`,
  hint: 'write it as several quoted strings; those who read it join them',
}

/** One character-string. */
export function text(label: string): Field {
  return {
    label,
    parse: (tokens, out) => takeToken(label, tokens) ?? parseString(tokens, out),
    print: printString,
    read: readString,
  }
}

/** One or more character-strings, to the end of the rdata. */
export const texts: Field = {
  label: 'text',
  parse: (tokens, out) => {
    let problem = takeToken('text', tokens) ?? parseString(tokens, out)
    while (!problem && tokens.next()) problem = parseString(tokens, out)
    return problem
  },
  print: (rdata) => {
    const strings: string[] = []
    while (rdata.left > 0) strings.push(printString(rdata))
    return strings.join(' ')
  },
  read: (rdata, out) => {
    do if (!readString(rdata, out)) return false
    while (rdata.left > 0)
    return true
  },
}

/** A property tag: letters and digits with a length before them (RFC 8659 §4.1). */
export const tag: Field = {
  label: 'tag',
  parse: (tokens, out) => {
    const missing = takeToken('tag', tokens)
    if (missing) return missing
    if (!/^[A-Za-z0-9]{1,255}$/.test(tokens.text())) return badField('tag', 'letters and digits', tokens)
    return parseString(tokens, out)
  },
  print: (rdata) => new TextDecoder().decode(rdata.take(rdata.u8())),
  read: (rdata, out) => {
    const length = rdata.has(1) ? rdata.bytes[rdata.at]! : 0
    if (length === 0 || !rdata.has(1 + length)) return false
    const bytes = rdata.take(1 + length)
    if (!/^[A-Za-z0-9]+$/.test(Buffer.from(bytes.subarray(1)).toString('latin1'))) return false
    out.copy(bytes)
    return true
  },
}

/** Text to the end of the rdata, without a length (RFC 8659 §4.1, RFC 7553 §4.4). */
export function rest(label: string): Field {
  return {
    label,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      return unescapeText(tokens.bytes, tokens.start, tokens.end, out) ? undefined : BAD_ESCAPE
    },
    print: (rdata) => quoteText(rdata.take(rdata.left)),
    read: (rdata, out) => {
      out.copy(rdata.take(rdata.left))
      return true
    },
  }
}

/** Appends text with its escapes resolved. False when an escape is wrong. */
export function unescapeText(source: Uint8Array, start: number, end: number, out: Writer): boolean {
  for (let i = start; i < end; i++) {
    let byte = source[i]!
    if (byte === BACKSLASH) {
      byte = readEscape(source, i, end)
      if (byte < 0) return false
      i += isDigit(source[i + 1]!) ? 3 : 1
    }
    out.u8(byte)
  }
  return true
}

/** Bytes as quoted text: printable ASCII as it is, all else escaped. */
export function quoteText(bytes: Uint8Array): string {
  let quoted = '"'
  for (const byte of bytes) {
    if (byte < 0x20 || byte > 0x7e) quoted += `\\${String(byte).padStart(3, '0')}`
    else quoted += byte === 0x22 || byte === BACKSLASH ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte)
  }
  return `${quoted}"`
}

/** Appends the current token as a character-string. */
function parseString(tokens: Tokens, out: Writer): RdataProblem | undefined {
  const mark = out.length
  out.u8(0)
  if (!unescapeText(tokens.bytes, tokens.start, tokens.end, out)) return BAD_ESCAPE
  const length = out.length - mark - 1
  if (length > MAX_STRING_BYTES) return TOO_LONG
  out.bytes[mark] = length
  return undefined
}

function printString(rdata: Reader): string {
  return quoteText(rdata.take(rdata.u8()))
}

function readString(rdata: Reader, out: Writer): boolean {
  if (!rdata.has(1) || !rdata.has(1 + rdata.bytes[rdata.at]!)) return false
  out.copy(rdata.take(1 + rdata.bytes[rdata.at]!))
  return true
}
