// The place of a LOC record (RFC 1876): latitude, longitude and altitude as 32-bit numbers with offsets, and three sizes as
// a digit and a power of ten each.
import type { Reader } from '../reader.ts'
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'
import { badField, type Field, type RdataProblem } from './field.ts'

const BYTES = 16
const VERSION = 0
/** The equator and the prime meridian (RFC 1876 §2), in thousandths of a second of arc. */
const MIDDLE = 2 ** 31
const DEGREE = 3_600_000
/** Below the sea, cm. */
const ALTITUDE_OFFSET_CM = 10_000_000
const MAX_SIZE_CM = 9_000_000_000
/** Size, horizontal and vertical precision when they are not written (RFC 1876 §3), cm. */
const DEFAULT_SIZES_CM = [100, 1_000_000, 1_000]

interface Axis {
  readonly positive: string
  readonly negative: string
  readonly maxDegrees: number
  readonly want: string
}

const LATITUDE: Axis = { positive: 'N', negative: 'S', maxDegrees: 90, want: 'a latitude like 52 22 23.000 N' }
const LONGITUDE: Axis = { positive: 'E', negative: 'W', maxDegrees: 180, want: 'a longitude like 4 53 32.000 E' }

/** The whole rdata of LOC. */
export const location: Field = {
  label: 'location',
  size: BYTES,
  parse: (tokens, out) => {
    const latitude = parseAngle(tokens, LATITUDE)
    if (typeof latitude !== 'number') return latitude
    const longitude = parseAngle(tokens, LONGITUDE)
    if (typeof longitude !== 'number') return longitude
    const altitude = tokens.next() ? parseMetres(tokens.text(), -ALTITUDE_OFFSET_CM, 4_284_967_295) : undefined
    if (altitude === undefined) return badField('altitude', 'metres like -2.00m', tokens)
    const sizes = parseSizes(tokens)
    if (!Array.isArray(sizes)) return sizes
    out.u8(VERSION)
    for (const size of sizes) out.u8(packSize(size))
    for (const angle of [latitude, longitude]) out.u32(MIDDLE + angle)
    out.u32(altitude + ALTITUDE_OFFSET_CM)
    return undefined
  },
  print: (rdata) => {
    rdata.u8()
    const sizes = [rdata.u8(), rdata.u8(), rdata.u8()].map((size) => `${formatMetres(unpackSize(size))}m`)
    const latitude = formatAngle(rdata.u32() - MIDDLE, LATITUDE)
    const longitude = formatAngle(rdata.u32() - MIDDLE, LONGITUDE)
    const altitude = ((rdata.u32() - ALTITUDE_OFFSET_CM) / 100).toFixed(2)
    return `${latitude} ${longitude} ${altitude}m ${sizes.join(' ')}`
  },
  read: readLocation,
}

function readLocation(rdata: Reader, out: Writer): boolean {
  if (!rdata.has(BYTES)) return false
  const raw = rdata.take(BYTES)
  const fields = new DataView(raw.buffer, raw.byteOffset, BYTES)
  const isValid =
    raw[0] === VERSION &&
    raw.subarray(1, 4).every(isSize) &&
    isAngle(fields.getUint32(4), LATITUDE) &&
    isAngle(fields.getUint32(8), LONGITUDE)
  if (isValid) out.copy(raw)
  return isValid
}

/** Degrees, perhaps minutes and seconds, and a direction; thousandths of a second, negative in the south and west. */
function parseAngle(tokens: Tokens, { positive, negative, maxDegrees, want }: Axis): number | RdataProblem {
  const parts: string[] = []
  while (tokens.next() && /^\d/.test(tokens.text()) && parts.length < 3) parts.push(tokens.text())
  const direction = tokens.text()
  const value = readAngle(parts)
  if ((direction === positive || direction === negative) && value !== undefined && value <= maxDegrees * DEGREE) {
    return direction === positive ? value : -value
  }
  return { ...badField('location', want, tokens), code: 'bad-location' }
}

function readAngle([degrees = '', minutes = '0', seconds = '0']: readonly string[]): number | undefined {
  const isAngle = /^\d{1,3}$/.test(degrees) && /^[0-5]?\d$/.test(minutes) && /^[0-5]?\d(\.\d{1,3})?$/.test(seconds)
  return isAngle ? Number(degrees) * DEGREE + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1000) : undefined
}

function formatAngle(thousandths: number, { positive, negative }: Axis): string {
  const value = Math.abs(thousandths)
  const degrees = Math.floor(value / DEGREE)
  const minutes = Math.floor((value % DEGREE) / 60_000)
  return `${degrees} ${minutes} ${((value % 60_000) / 1000).toFixed(3)} ${thousandths < 0 ? negative : positive}`
}

function isAngle(wire: number, { maxDegrees }: Axis): boolean {
  return Math.abs(wire - MIDDLE) <= maxDegrees * DEGREE
}

/** Up to three sizes; those that are left out have their defaults. */
function parseSizes(tokens: Tokens): number[] | RdataProblem {
  const sizes = [...DEFAULT_SIZES_CM]
  for (let i = 0; i < sizes.length && tokens.next(); i++) {
    const size = parseMetres(tokens.text(), 0, MAX_SIZE_CM)
    if (size === undefined) return badField('size', 'metres like 10m, up to 90000000m', tokens)
    sizes[i] = size
  }
  return sizes
}

/** Centimetres of text in metres, perhaps with an `m` behind. */
function parseMetres(text: string, least: number, most: number): number | undefined {
  if (!/^-?\d{1,8}(\.\d{1,2})?m?$/.test(text)) return undefined
  const value = Math.round(parseFloat(text) * 100)
  return value >= least && value <= most ? value : undefined
}

function formatMetres(cm: number): string {
  return cm % 100 === 0 ? String(cm / 100) : (cm / 100).toFixed(2)
}

/** A digit and a power of ten; further digits are lost (RFC 1876 §2). */
function packSize(cm: number): number {
  const digits = String(cm)
  return (Number(digits[0]) << 4) | (digits.length - 1)
}

function unpackSize(wire: number): number {
  return (wire >> 4) * 10 ** (wire & 0x0f)
}

/** Both are digits, and nothing has one form only. */
function isSize(wire: number): boolean {
  return wire === 0 || (wire >> 4 >= 1 && wire >> 4 <= 9 && (wire & 0x0f) <= 9)
}
