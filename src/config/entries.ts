// What one entry of a section must satisfy beyond the rows of its options: zod runs these when the rows are right.
// What needs several sections stands in references.ts and checks.ts.
import type { z } from 'zod'
import { formatAddress, parseAddress } from '../base/address.ts'
import type { Balancer } from '../director/service.ts'
import type { Endpoint } from './config.ts'
import { formatEndpoint } from './scalars.ts'

type Context<T> = z.core.$RefinementCtx<T>

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
export function checkAdminListen({ host }: Endpoint, context: Context<Endpoint>): void {
  const address = parseAddress(host)
  const loopback = address?.family === 4 ? address.bytes[0] === 127 : host === '::1'
  if (!loopback) {
    refuse(
      context,
      [],
      `must be a loopback address, not \`${host}\``,
      'write "127.0.0.1:8053": tokens are not supported yet',
    )
  }
}

interface Probing {
  interval: number
  fastInterval?: number | undefined
}

export function checkMonitor<T extends Probing>(monitor: T, context: Context<T>): void {
  if (monitor.fastInterval === undefined || monitor.fastInterval <= monitor.interval) return
  refuse(context, ['fastInterval'], 'must not be above `interval`', 'lower it, or leave it out')
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

interface Site {
  balancers: Balancer[]
  minHealthy: number
}

export function checkRegion<T extends Site>({ balancers, minHealthy }: T, context: Context<T>): void {
  for (const i of repeats(balancers, ({ address }) => formatAddress(address))) {
    refuse(context, ['balancers', i], 'is an address that this region has already', 'keep one')
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
