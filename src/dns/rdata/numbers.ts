// Fields that are numbers: 8, 16 and 32 bits, and times, which are written in seconds or with units.
import type { Tokens } from '../tokens.ts'
import { badField, takeToken, type Field } from './field.ts'

const ZERO = 0x30
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

export function u8(label: string, mnemonics?: Readonly<Record<string, number>>): Field {
  return {
    label,
    size: 1,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const value = mnemonics?.[tokens.text().toUpperCase()] ?? parseNumber(tokens, 0xff)
      if (value === undefined) return badField(label, 'a number from 0 to 255', tokens)
      out.u8(value)
      return undefined
    },
    print: (rdata) => String(rdata.u8()),
    read: (rdata, out) => {
      if (!rdata.has(1)) return false
      out.u8(rdata.u8())
      return true
    },
  }
}

export function u16(label: string, mnemonics?: Readonly<Record<string, number>>): Field {
  return {
    label,
    size: 2,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const value = mnemonics?.[tokens.text().toUpperCase()] ?? parseNumber(tokens, 0xffff)
      if (value === undefined) return badField(label, 'a number from 0 to 65535', tokens)
      out.u16(value)
      return undefined
    },
    print: (rdata) => String(rdata.u16()),
    read: (rdata, out) => {
      if (!rdata.has(2)) return false
      out.u16(rdata.u16())
      return true
    },
  }
}

export function u32(label: string): Field {
  return wide(label, 'a number from 0 to 4294967295', (tokens) => parseNumber(tokens, 0xffff_ffff))
}

/** Seconds in 32 bits; `1h30m` in text. */
export function time(label: string): Field {
  return wide(label, 'a time like 3600 or 1h30m', (tokens) => parseTime(tokens, 0xffff_ffff))
}

/** A moment as seconds since 1970 in 32 bits; `20300101000000` (UTC) or those seconds in text (RFC 4034 §3.2). */
export function moment(label: string): Field {
  const want = 'a moment like 20300101000000'
  return { ...wide(label, want, parseMoment), print: (rdata) => formatMoment(rdata.u32()) }
}

/** The current token as seconds: a number, or numbers with the units w, d, h, m and s in any case (as BIND reads them). */
export function parseTime(tokens: Tokens, most: number): number | undefined {
  const plain = parseNumber(tokens, most)
  if (plain !== undefined) return plain
  const text = tokens.text().toLowerCase()
  if (tokens.quoted || !/^(\d{1,10}[wdhms])+$/.test(text)) return undefined
  let seconds = 0
  for (const [, digits, unit] of text.matchAll(/(\d+)(.)/g)) seconds += Number(digits) * SECONDS[unit!]!
  return seconds <= most ? seconds : undefined
}

/** The current token as an unsigned decimal number. */
export function parseNumber({ bytes, start, end, quoted }: Tokens, most: number): number | undefined {
  if (quoted || start === end || end - start > 10) return undefined
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - ZERO
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value <= most ? value : undefined
}

/** Fourteen digits are a date: no number of 32 bits has so many. */
function parseMoment(tokens: Tokens): number | undefined {
  const seconds = parseNumber(tokens, 0xffff_ffff)
  if (seconds !== undefined) return seconds
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(tokens.text()) ?? []
  if (tokens.quoted || year === undefined) return undefined
  const value = Date.UTC(+year, +month! - 1, +day!, +hour!, +minute!, +second!) / 1000
  const isReal = value >= 0 && value <= 0xffff_ffff && formatMoment(value) === tokens.text()
  return isReal ? value : undefined
}

/** Up to the year 2106; what is later wraps around (RFC 4034 §3.1.5) and is printed as if it did not. */
function formatMoment(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14)
}

function wide(label: string, want: string, parse: (tokens: Tokens) => number | undefined): Field {
  return {
    label,
    size: 4,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const value = parse(tokens)
      if (value === undefined) return badField(label, want, tokens)
      out.u32(value)
      return undefined
    },
    print: (rdata) => String(rdata.u32()),
    read: (rdata, out) => {
      if (!rdata.has(4)) return false
      out.u32(rdata.u32())
      return true
    },
  }
}
