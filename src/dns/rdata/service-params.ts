// The parameters of SVCB and HTTPS records (RFC 9460 §2.1, §7 and appendix A): `key=value` in text, in any order; on the
// wire sorted by key, each with a length. A record type in small: each known key has its text and its check side by side.
import { formatAddress, parseAddress } from '../../base/address.ts'
import { nearestWord } from '../../base/fault.ts'
import type { Reader } from '../reader.ts'
import { Tokens } from '../tokens.ts'
import { Writer } from '../writer.ts'
import { readIpv6 } from './addresses.ts'
import type { Field, RdataProblem } from './field.ts'
import { quoteText, unescapeText } from './texts.ts'

/** A known key. `parse` gets the value without quotes and escapes, and gives undefined when it is wrong. */
interface Param {
  readonly key: number
  readonly want: string
  readonly parse: (value: Uint8Array) => Uint8Array | undefined
  /** The value as it stands between quotes, before quoting; undefined when the key has none. */
  readonly print: (wire: Uint8Array) => Uint8Array | undefined
  readonly isValid: (wire: Uint8Array) => boolean
}

const MANDATORY = 0
const ALPN = 1
const NO_DEFAULT_ALPN = 2
/** "Invalid key" (RFC 9460 §14.3.2). */
const RESERVED_KEY = 65535
const COMMA = 0x2c
const BACKSLASH = 0x5c
const EQUALS = 0x3d

const PARAMS: ReadonlyMap<string, Param> = new Map(
  Object.entries<Param>({
    mandatory: {
      key: MANDATORY,
      want: 'a list of keys',
      parse: parseKeyList,
      print: (wire) => encode(keysIn(wire).map(formatKey).join(',')),
      isValid: isKeyList,
    },
    alpn: {
      key: ALPN,
      want: 'a list of protocols',
      parse: parseProtocols,
      print: printProtocols,
      isValid: (wire) => protocolsIn(wire) !== undefined,
    },
    'no-default-alpn': {
      key: NO_DEFAULT_ALPN,
      want: 'without a value',
      parse: (value) => (value.length === 0 ? value : undefined),
      print: () => undefined,
      isValid: (wire) => wire.length === 0,
    },
    port: {
      key: 3,
      want: 'a number from 0 to 65535',
      parse: parsePort,
      print: (wire) => encode(String((wire[0]! << 8) | wire[1]!)),
      isValid: (wire) => wire.length === 2,
    },
    ipv4hint: addressHint(4, 4, 'a list of IPv4 addresses'),
    ech: {
      key: 5,
      want: 'base64',
      parse: parseBase64,
      print: (wire) => encode(Buffer.from(wire).toString('base64')),
      isValid: (wire) => wire.length > 0,
    },
    ipv6hint: addressHint(6, 6, 'a list of IPv6 addresses'),
  }),
)

const paramsByKey = new Map([...PARAMS].map(([name, param]) => [param.key, { name, ...param }]))

/** All parameters, to the end of the rdata. */
export const serviceParams: Field = {
  label: 'parameters',
  parse: (tokens, out) => {
    const values = new Map<number, Uint8Array>()
    while (tokens.nextPair()) {
      const problem = parseParam(tokens, values)
      if (problem) return problem
    }
    const problem = checkTogether(values)
    if (!problem) writeParams(values, out)
    return problem
  },
  print: (rdata) => {
    const words: string[] = []
    while (rdata.left > 0) words.push(printParam(rdata.u16(), rdata.take(rdata.u16())))
    return words.join(' ')
  },
  read: (rdata, out) => {
    const values = readParams(rdata)
    if (values === undefined || checkTogether(values)) return false
    writeParams(values, out)
    return true
  },
}

function parseParam(tokens: Tokens, values: Map<number, Uint8Array>): RdataProblem | undefined {
  const { bytes, start, end } = tokens
  const equals = bytes.subarray(start, end).indexOf(EQUALS)
  const name = Buffer.from(bytes.subarray(start, equals < 0 ? end : start + equals)).toString('latin1')
  const key = tokens.quoted ? undefined : parseKey(name)
  if (key === undefined) return problemOf(`"${name}" is no parameter key`, hintOf(name))
  if (values.has(key)) return problemOf(`the parameter ${name} stands there twice`)
  const text = equals < 0 ? new Uint8Array() : unquote(bytes.subarray(start + equals + 1, end))
  const known = PARAMS.get(name.toLowerCase())
  const wire = text && (known ? known.parse(text) : text)
  if (wire === undefined || !isValidValue(key, wire)) {
    return problemOf(`the parameter ${name} must be ${paramsByKey.get(key)?.want ?? 'text with right escapes'}`)
  }
  values.set(key, wire)
  return undefined
}

function problemOf(message: string, hint?: string): RdataProblem {
  return { code: 'bad-parameter', message, ...(hint === undefined ? {} : { hint }) }
}

function hintOf(name: string): string {
  const nearest = nearestWord(name, PARAMS.keys())
  return nearest === undefined ? `known are ${[...PARAMS.keys()].join(', ')} and keyNNNNN` : `did you mean ${nearest}?`
}

/** A value without its quotes and with its escapes resolved; undefined when an escape is wrong. */
function unquote(value: Uint8Array): Uint8Array | undefined {
  const isQuoted = value[0] === 0x22
  const out = new Writer(value.length)
  const isText = unescapeText(value, isQuoted ? 1 : 0, isQuoted ? value.length - 1 : value.length, out)
  return isText ? out.slice() : undefined
}

/** What holds among parameters: mandatory ones are there, and no-default-alpn comes with alpn (RFC 9460 §8, §7.1.1). */
function checkTogether(values: ReadonlyMap<number, Uint8Array>): RdataProblem | undefined {
  for (const key of keysIn(values.get(MANDATORY) ?? new Uint8Array())) {
    if (!values.has(key)) return problemOf(`the mandatory parameter ${formatKey(key)} is missing`)
  }
  if (values.has(NO_DEFAULT_ALPN) && !values.has(ALPN)) return problemOf('no-default-alpn needs alpn')
  return undefined
}

function writeParams(values: ReadonlyMap<number, Uint8Array>, out: Writer): void {
  for (const [key, value] of [...values].sort(([a], [b]) => a - b)) {
    out.u16(key)
    out.u16(value.length)
    out.copy(value)
  }
}

/** The parameters by key; undefined when malformed or not in strictly increasing order (RFC 9460 §2.2). */
function readParams(rdata: Reader): Map<number, Uint8Array> | undefined {
  const values = new Map<number, Uint8Array>()
  let last = -1
  while (rdata.left > 0) {
    if (!rdata.has(4)) return undefined
    const key = rdata.u16()
    const length = rdata.u16()
    if (key <= last || key === RESERVED_KEY || !rdata.has(length)) return undefined
    const value = rdata.take(length)
    if (!isValidValue(key, value)) return undefined
    values.set(key, value)
    last = key
  }
  return values
}

function isValidValue(key: number, wire: Uint8Array): boolean {
  return wire.length <= 0xffff && (paramsByKey.get(key)?.isValid(wire) ?? true)
}

function printParam(key: number, wire: Uint8Array): string {
  const param = paramsByKey.get(key)
  const value = param ? param.print(wire) : wire
  return value === undefined || (!param && value.length === 0)
    ? formatKey(key)
    : `${formatKey(key)}=${quoteText(value)}`
}

function parseKey(name: string): number | undefined {
  const known = PARAMS.get(name.toLowerCase())
  if (known) return known.key
  const key = /^key(0|[1-9]\d{0,4})$/i.test(name) ? Number(name.slice(3)) : RESERVED_KEY
  return key < RESERVED_KEY ? key : undefined
}

function formatKey(key: number): string {
  return paramsByKey.get(key)?.name ?? `key${key}`
}

function parseKeyList(value: Uint8Array): Uint8Array | undefined {
  const keys = decode(value).split(',').map(parseKey)
  if (keys.includes(undefined)) return undefined
  const out = new Writer(keys.length * 2)
  for (const key of (keys as number[]).sort((a, b) => a - b)) out.u16(key)
  return out.slice()
}

/** Not empty, strictly increasing, and without `mandatory` itself (RFC 9460 §8). */
function isKeyList(wire: Uint8Array): boolean {
  const keys = keysIn(wire)
  return keys.length > 0 && wire.length % 2 === 0 && keys.every((key, i) => key > (keys[i - 1] ?? MANDATORY))
}

function keysIn(wire: Uint8Array): number[] {
  return Array.from({ length: wire.length >> 1 }, (_, i) => (wire[i * 2]! << 8) | wire[i * 2 + 1]!)
}

/** A comma-separated list in which `\,` and `\\` are literal (RFC 9460 appendix A.1), as strings with length bytes. */
function parseProtocols(value: Uint8Array): Uint8Array | undefined {
  const out = new Writer(value.length + 1)
  let item: number[] = []
  const close = (): boolean => {
    out.u8(item.length)
    out.copy(Uint8Array.from(item))
    const fits = item.length > 0 && item.length <= 255
    item = []
    return fits
  }
  for (let i = 0; i < value.length; i++) {
    if (value[i] === COMMA) {
      if (!close()) return undefined
    } else {
      if (value[i] === BACKSLASH) i++
      if (i === value.length) return undefined
      item.push(value[i]!)
    }
  }
  return close() ? out.slice() : undefined
}

function printProtocols(wire: Uint8Array): Uint8Array {
  const escape = (byte: number): number[] => (byte === COMMA || byte === BACKSLASH ? [BACKSLASH, byte] : [byte])
  const items = protocolsIn(wire)!.map((item) => [...item].flatMap(escape))
  return Uint8Array.from(items.flatMap((item, i) => (i === 0 ? item : [COMMA, ...item])))
}

/** The protocols of an alpn value; undefined when there is none or one is empty or cut short. */
function protocolsIn(wire: Uint8Array): Uint8Array[] | undefined {
  const items: Uint8Array[] = []
  for (let at = 0; at < wire.length; at += wire[at]! + 1) {
    if (wire[at] === 0 || at + 1 + wire[at]! > wire.length) return undefined
    items.push(wire.subarray(at + 1, at + 1 + wire[at]!))
  }
  return items.length > 0 ? items : undefined
}

function parsePort(value: Uint8Array): Uint8Array | undefined {
  const text = decode(value)
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0x10000
  return port <= 0xffff ? Uint8Array.of(port >> 8, port) : undefined
}

/** Canonical base64 only: what decodes and encodes to the same text. */
function parseBase64(value: Uint8Array): Uint8Array | undefined {
  const text = decode(value)
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined
}

function addressHint(key: number, family: 4 | 6, want: string): Param {
  const size = family === 4 ? 4 : 16
  return {
    key,
    want,
    parse: (value) => {
      const addresses = decode(value)
        .split(',')
        .map(family === 4 ? readIpv4 : readIpv6)
      return addresses.includes(undefined) ? undefined : new Uint8Array(Buffer.concat(addresses as Uint8Array[]))
    },
    print: (wire) => {
      const parts = Array.from({ length: wire.length / size }, (_, i) => wire.subarray(i * size, (i + 1) * size))
      return encode(parts.map((bytes) => formatAddress({ family, bytes })).join(','))
    },
    isValid: (wire) => wire.length > 0 && wire.length % size === 0,
  }
}

function readIpv4(text: string): Uint8Array | undefined {
  return text.includes(':') ? undefined : parseAddress(text)?.bytes
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
