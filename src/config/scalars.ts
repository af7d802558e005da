// The small words of meridian.yaml: durations, listen addresses, fractions, paths. Each is a text (or number) with a
// title and an example, from which messages, the JSON Schema and the README's table are made, and the value behind it.
// What an option means, and its default, stands in schema.ts; the words of faults stand in explain.ts.
import { z } from 'zod'
import { formatAddress, parseAddress, type Address } from '../base/address.ts'
import { DURATION, parseDuration } from '../base/moment.ts'
import { parsePrefix, type Prefix } from '../base/prefix.ts'
import { parseName } from '../dns/name.ts'
import { formatRcode, MAX_WIRE_TYPE, parseType } from '../dns/types.ts'
import type { Answerable, HostName } from '../snapshot/slot-table.ts'
import type { Endpoint } from './config.ts'

interface TextKind<T> {
  /** A noun without an article, its range included: `duration from 10ms to 1h`. */
  readonly title: string
  readonly example: string
  /** For editors, by way of the JSON Schema; `parse` decides. */
  readonly pattern: string
  readonly parse: (text: string) => T | undefined
  /** What to do about a text that `parse` refused, where the example alone would not help. */
  readonly hint?: (text: string) => string | undefined
}

/** A schema for text that stands for something else. */
function text<T>({ title, example, pattern, parse, hint }: TextKind<T>) {
  return z
    .string()
    .meta({ title, example, pattern })
    .transform((written, context): T => {
      const value = parse(written)
      if (value !== undefined) return value
      context.issues.push({ code: 'custom', input: written, params: { hint: hint?.(written) } })
      return z.NEVER
    })
}

/** A duration in ms, within the range (both ends included, written as durations). */
export function duration(least: string, most: string) {
  return text({
    title: `duration from ${least} to ${most}`,
    example: '10s',
    pattern: DURATION,
    parse: (written) => within(parseDuration(written), parseDuration(least)!, parseDuration(most)!),
  })
}

/** A TTL in seconds. */
export function ttl() {
  return text({
    title: 'duration of whole seconds from 0s to 24h',
    example: '30s',
    pattern: DURATION,
    parse: (written) => whole(within(parseDuration(written), 0, 86_400_000), 1000),
  })
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined
}

function whole(value: number | undefined, unit: number): number | undefined {
  return value === undefined || value % unit !== 0 ? undefined : value / unit
}

/** Where to listen: `127.0.0.1:5300` or `[::1]:5300`. */
export function endpoint() {
  return text({
    title: 'address and port',
    example: '"127.0.0.1:5300"',
    pattern: '^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$',
    parse: parseEndpoint,
    hint: endpointHint,
  })
}

function parseEndpoint(written: string): Endpoint | undefined {
  const [, bracketed, dotted, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(written) ?? []
  const address = parseAddress(bracketed ?? dotted ?? '')
  const port = Number(digits)
  return address && port >= 1 && port <= 65535 ? { host: formatAddress(address), port } : undefined
}

function endpointHint(written: string): string | undefined {
  if (/^[^[]*:.*:/.test(written)) return 'put brackets round IPv6: "[::1]:5300"'
  if (parseAddress(written.replace(/^\[(.*)\]$/, '$1'))) return `add a port: "${written}:53"`
  if (/^\*?:\d+$/.test(written)) return `for all addresses write "0.0.0.0${written.replace('*', '')}"`
  const [, port] = /^[^:]*[a-z][^:]*:(\d+)$/i.exec(written) ?? []
  return port === undefined ? undefined : `an address, never a name: "127.0.0.1:${port}"`
}

/** Prints what `endpoint` reads. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** An address, never a name. */
export function address() {
  return text<Address>({
    title: 'IPv4 or IPv6 address',
    example: '198.51.100.10',
    pattern: '^[0-9A-Fa-f:.]+$',
    parse: parseAddress,
    hint: (written) => (hasPort(written) ? LEAVE_PORT_OUT : undefined),
  })
}

/** What a balancer answers with: its address, or the host name of a cloud load balancer. */
export function addressOrHostName() {
  return text<Answerable>({
    title: 'IPv4 or IPv6 address, or host name',
    example: '198.51.100.10',
    pattern: '^[0-9A-Za-z:._-]+$',
    parse: (written) => parseAddress(written) ?? parseHostName(written),
    hint: (written) => {
      if (hasPort(written)) return LEAVE_PORT_OUT
      return /^[a-z][a-z0-9-]*\.?$/i.test(written) ? 'write the whole host name, such as lb-1.cloud.example' : undefined
    },
  })
}

const LEAVE_PORT_OUT = 'leave the port out: clients choose it, and the monitor has its own'

function hasPort(written: string): boolean {
  return /^(\[.*\]|[^:]+):\d+$/.test(written)
}

/** RFC 1123 §2.1, and underscores, which some clouds use; of two labels at least, the last of them no number. */
function parseHostName(written: string): HostName | undefined {
  const isHost = /^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*\.?$/i.test(written)
  const bytes = isHost ? parseName(written) : 'empty-label'
  return typeof bytes === 'string' ? undefined : { family: 'host', bytes }
}

/** A CIDR prefix, or an address alone. */
export function prefix() {
  return text<Prefix>({
    title: 'CIDR prefix',
    example: '192.0.2.0/24',
    pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$',
    parse: parsePrefix,
    hint: (written) => (parseAddress(written.split('/')[0] ?? '') ? 'no bit may be set beyond the length' : undefined),
  })
}

/** A secret of 16 bytes, in hexadecimal. */
export function secret() {
  return text<Uint8Array>({
    title: 'secret of 32 hexadecimal digits',
    example: 'e5e973e5a6b2a43f48e7dc849e37bfcf',
    pattern: '^[0-9A-Fa-f]{32}$',
    parse: (written) => (/^[0-9a-f]{32}$/i.test(written) ? Uint8Array.from(Buffer.from(written, 'hex')) : undefined),
    hint: () => 'make one with `openssl rand -hex 16`',
  })
}

/** What the server says of itself. */
export function identity() {
  return text({
    title: 'text of at most 64 bytes',
    example: 'ns1.example.net',
    pattern: '^.{0,64}$',
    parse: (written) => (Buffer.byteLength(written) <= 64 ? written : undefined),
  })
}

/** A fraction, written `0.2` or `20%`. */
export function fraction(most: number) {
  const number = z.number().min(0).max(most)
  const percent = text({
    title: 'percentage',
    example: '20%',
    pattern: '^[0-9]+(\\.[0-9]+)?%$',
    parse: (written) => (/^\d+(\.\d+)?%$/.test(written) ? within(parseFloat(written) / 100, 0, most) : undefined),
  })
  return z.union([number, percent]).meta({ title: `fraction from 0 to ${most} or percentage`, example: '20%' })
}

/** An inclusive range of HTTP status codes, written `204` or `200-299`. */
export function statusRange() {
  const range = text({
    title: 'range of status codes',
    example: '200-299',
    pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$',
    parse: parseStatusRange,
  })
  const single = z
    .int()
    .min(100)
    .max(599)
    .transform((status): readonly [number, number] => [status, status])
  return z.union([single, range]).meta({ title: 'status code or range', example: '200-299' })
}

function parseStatusRange(written: string): readonly [number, number] | undefined {
  const [, first, last] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(written) ?? []
  const range = [Number(first), Number(last ?? first)] as const
  return range[0] <= range[1] ? range : undefined
}

/** A file or folder; relative paths are made absolute when the whole file is read. */
export function path(example: string) {
  return text({
    title: 'path',
    example,
    pattern: '.',
    parse: (written) => (written.trim() === '' || written.includes('\0') ? undefined : written),
  })
}

/** Text that goes into an HTTP request line or header: printable ASCII without spaces. */
export function httpToken(title: string, example: string, pattern: string) {
  return text({
    title,
    example,
    pattern,
    parse: (written) => (new RegExp(pattern).test(written) && written.length <= 2000 ? written : undefined),
  })
}

/** A domain name, kept as it is written. */
export function domainName() {
  return text({
    title: 'domain name',
    example: 'www.example.com',
    pattern: '.',
    parse: (written) => (typeof parseName(written) === 'string' ? undefined : written),
  })
}

/** A record type that can be asked for, as its number. */
export function queryType() {
  return text({
    title: 'record type',
    example: 'A',
    pattern: '^[A-Za-z0-9-]+$',
    parse: (written) => {
      const type = parseType(written)
      return type !== undefined && type > 0 && type <= MAX_WIRE_TYPE ? type : undefined
    },
  })
}

/** A response code of a message without EDNS, as its number. */
export function rcode() {
  return text({
    title: 'RCODE',
    example: 'NOERROR',
    pattern: '^[A-Z0-9]+$',
    parse: (written) => {
      const found = Array.from({ length: 16 }, (_, code) => formatRcode(code)).indexOf(written)
      return found < 0 ? undefined : found
    },
  })
}

/** ISO 3166-1 alpha-2. */
export function country() {
  return text({
    title: 'country code of two capital letters',
    example: 'US',
    pattern: '^[A-Z]{2}$',
    parse: (written) => (/^[A-Z]{2}$/.test(written) ? written : undefined),
    hint: (written) => (/^[a-z]{2}$/i.test(written) ? `write ${written.toUpperCase()}` : undefined),
  })
}
