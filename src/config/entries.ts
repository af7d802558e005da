// What one entry of a section must satisfy beyond the rows of its options: zod runs these when the rows are right.
// What needs several sections stands in references.ts and checks.ts.
import type { z } from 'zod'
import type { Address } from '../base/address.ts'
import { textOf } from '../director/address-text.ts'
import { continentOf } from '../geo/continent.ts'
import { readClientKey } from '../steer/client-key.ts'
import type { Answerable } from '../snapshot/slot-table.ts'
import type { Endpoint } from './config.ts'
import { formatEndpoint } from './scalars.ts'

type Context<T> = z.core.$RefinementCtx<T>

/** Refuses the key at the end of the path: "`path` message". */
function refuseKey<T>(context: Context<T>, path: (string | number)[], message: string, hint: string): void {
  context.addIssue({ code: 'custom', path, input: context.value, params: { message, hint, part: 'key' } })
}

/** Refuses the value at the path: "`path` message". */
function refuse<T>(context: Context<T>, path: (string | number)[], message: string, hint: string): void {
  context.addIssue({ code: 'custom', path, input: context.value, params: { message, hint } })
}

/** The index of each item whose text an earlier item has too. */
function repeats<T>(items: readonly T[], textOf: (item: T) => string): number[] {
  const texts = items.map(textOf)
  return [...texts.keys()].filter((i) => texts.indexOf(texts[i]!) < i)
}

export function checkListen(listen: readonly Endpoint[], context: Context<Endpoint[]>): void {
  for (const i of repeats(listen, formatEndpoint)) refuse(context, [i], 'stands here twice', 'keep one')
}

/** Without tokens, whoever reaches the API may use it. */
interface Probing {
  interval: number
  fastInterval?: number | undefined
  damping?: { suppressAt: number; reuseAt: number } | undefined
}

export function checkMonitor<T extends Probing>(monitor: T, context: Context<T>): void {
  const { interval, fastInterval, damping } = monitor
  if (fastInterval !== undefined && fastInterval > interval) {
    refuse(context, ['fastInterval'], 'must not be above `interval`', 'lower it, or leave it out')
  }
  if (damping !== undefined && damping.reuseAt >= damping.suppressAt) {
    refuse(context, ['damping', 'reuseAt'], 'must be below `suppressAt`', 'else it would suppress nothing')
  }
}

interface ClientCertificate {
  certificate?: string | undefined
  key?: string | undefined
}

export function checkTls<T extends ClientCertificate>({ certificate, key }: T, context: Context<T>): void {
  if ((certificate === undefined) === (key === undefined)) return
  const lacking = certificate === undefined ? 'certificate' : 'key'
  refuse(context, [], `lacks \`${lacking}\``, 'a client certificate needs both certificate and key')
}

interface Headers {
  headers: Record<string, string>
  expectedHeaders: Record<string, string>
}

/** RFC 9110 §5.1, §5.5: what would break the request, or another one. */
export function checkHeaders<T extends Headers>(monitor: T, context: Context<T>): void {
  for (const section of ['headers', 'expectedHeaders'] as const) {
    for (const [name, value] of Object.entries(monitor[section])) {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
        refuse(context, [section, name], 'is not the name of a header', 'letters, digits and dashes')
      } else if (!/^[\t\x20-\x7e]*$/.test(value)) {
        refuse(context, [section, name], 'must be printable ASCII', 'without line breaks')
      } else if (section === 'headers' && ['host', 'connection', 'content-length'].includes(name.toLowerCase())) {
        refuse(context, [section, name], 'is set by the probe itself', 'for Host there is `host`')
      }
    }
  }
}

interface GrpcTls {
  tls: boolean
  ca?: string | undefined
  certificate?: string | undefined
  serverName?: string | undefined
}

export function checkGrpc<T extends GrpcTls>(monitor: T, context: Context<T>): void {
  const said = (['serverName', 'ca', 'certificate'] as const).find((key) => monitor[key] !== undefined)
  if (monitor.tls || said === undefined) return
  refuse(context, [said], 'is of no use without TLS', 'add `tls: true`')
}

export function checkExec<T extends { command: string[] }>({ command: [program] }: T, context: Context<T>): void {
  if (program === undefined || program.startsWith('/')) return
  refuse(context, ['command', 0], 'must be an absolute path', 'such as /usr/lib/nagios/plugins/check_http')
}

export function checkCalculated<T extends { of: string[]; need: 'all' | 'any' | number }>(
  { of, need }: T,
  context: Context<T>,
): void {
  for (const i of repeats(of, String)) refuse(context, ['of', i], `names \`${of[i]!}\` again`, 'name each monitor once')
  if (typeof need !== 'number' || of.length === 0 || need <= of.length) return
  refuse(context, ['need'], `must be at most ${of.length}, the number of monitors in \`of\``, 'else it is never up')
}

interface Point {
  latitude?: number | undefined
  longitude?: number | undefined
}

export function checkLocation<T extends Point>({ latitude, longitude }: T, context: Context<T>): void {
  if ((latitude === undefined) === (longitude === undefined)) return
  const lacking = latitude === undefined ? 'latitude' : 'longitude'
  refuse(context, [], `lacks ${lacking}`, 'give both latitude and longitude, or neither')
}

/** A mapping that says nothing is a slip. */
export function checkPlace<T extends Point & { country?: string | undefined }>(place: T, context: Context<T>): void {
  if (Object.values(place).some((value) => value !== undefined)) return
  refuse(context, [], 'says nothing of where they are', 'give a country, or latitude and longitude')
}

interface Databases {
  city?: string | undefined
  country?: string | undefined
  asn?: string | undefined
}

export function checkMmdb<T extends Databases>({ city, country, asn }: T, context: Context<T>): void {
  if ((city ?? country ?? asn) !== undefined) return
  refuse(context, [], 'names no database', 'add `city: GeoLite2-City.mmdb`, or `country` or `asn`')
}

interface WrittenBalancer {
  address: Answerable
  weight: number
  probe?: 'addresses' | 'host'
  probeAddress?: Address
}

/** How a host name is probed says nothing of an address, and an address of its own for probes leaves no choice. */
export function checkBalancer<T extends WrittenBalancer>(
  { address, probe, probeAddress }: T,
  context: Context<T>,
): void {
  if (probe === undefined) return
  if (address.family !== 'host') {
    refuse(context, ['probe'], 'is of use to a host name only', 'leave it out')
  } else if (probe === 'addresses' && probeAddress) {
    refuse(context, ['probe'], 'contradicts `probeAddress`, where all of them are probed', 'leave one of them out')
  }
}

interface Site {
  balancers: WrittenBalancer[]
  minHealthy: number
}

export function checkRegion<T extends Site>({ balancers, minHealthy }: T, context: Context<T>): void {
  for (const i of repeats(balancers, ({ address }) => textOf(address))) {
    refuse(context, ['balancers', i], 'is one that this region has already', 'keep one')
  }
  if (balancers.length > 0 && minHealthy > balancers.length) {
    refuse(
      context,
      ['minHealthy'],
      `must be at most ${balancers.length}, the number of balancers`,
      'else it is never up',
    )
  }
  if (balancers.length > 0 && balancers.every(({ weight }) => weight === 0)) {
    refuse(context, ['balancers'], 'have weight 0 all, so that none would answer', 'give at least one a weight above 0')
  }
}

export function checkServiceRegions(regions: readonly string[], context: Context<string[]>): void {
  for (const i of repeats(regions, String))
    refuse(context, [i], `names \`${regions[i]!}\` again`, 'name each region once')
}

/** The keys by which a fence or a map names clients. */
export function checkClientKeys<T>(entries: Readonly<Record<string, unknown>>, context: Context<T>): void {
  if (Object.keys(entries).length === 0) refuse(context, [], 'names no clients', 'such as { DE: [eu-west] }')
  const known = new Map<string, string>()
  for (const text of Object.keys(entries)) {
    const read = readClientKey(text)
    if ('message' in read) refuseKey(context, [text], read.message, read.hint)
    else if (/^[A-Z]{2}$/.test(read.key) && continentOf(read.key) === undefined) {
      refuseKey(context, [text], 'is no country', 'ISO 3166-1 alpha-2, such as DE or GB')
    } else if (known.has(read.key))
      refuseKey(context, [text], `names the same clients as ${known.get(read.key)!}`, 'keep one')
    else known.set(read.key, text)
  }
}

/** The same for a map, which has an option beside them. */
export function checkClientEntries<T extends { readonly only: boolean }>(map: T, context: Context<T>): void {
  checkClientKeys(Object.fromEntries(Object.entries(map).filter(([key]) => key !== 'only')), context)
}

interface Ttls {
  ttl: number
  leastTtl?: number | undefined
  allowZeroTtl: boolean
}

export function checkTtls<T extends Ttls>({ ttl, leastTtl = 1, allowZeroTtl }: T, context: Context<T>): void {
  const hint = 'or set `allowZeroTtl: true`: each query of each user is ours then'
  if (ttl === 0 && !allowZeroTtl) refuse(context, ['ttl'], 'must be at least 1s', hint)
  if (leastTtl === 0 && !allowZeroTtl) refuse(context, ['leastTtl'], 'must be at least 1s', hint)
  if (leastTtl > ttl && ttl > 0) refuse(context, ['leastTtl'], 'must not be above `ttl`', 'lower it, or leave it out')
}
