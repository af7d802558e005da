// What can be said of a configuration without running it: its faults, and the plan that it would make.
import type { ExplainQuery } from '../admin/routes.ts'
import { compareFaults, isError, type Fault } from '../base/fault.ts'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { AliasResolver, unresolved, type AliasAnswers } from '../director/aliases.ts'
import { hostNames } from '../director/answerers.ts'
import { createAsker } from '../director/ask-addresses.ts'
import { Director } from '../director/director.ts'
import { PlaceBook } from '../director/place-book.ts'
import { formatEndpoint } from '../server/listen-fault.ts'
import { Publisher } from '../snapshot/publication.ts'
import { explainQuery, type Explained } from './explaining.ts'

/** Places for counters that nobody counts in. */
const PLACES = 1 << 20

/** Every fault of a configuration, its zones and its geo data, and a line on what is sound. */
export async function checkConfig(configFile: string): Promise<{ faults: readonly Fault[]; summary: string }> {
  const { config, faults } = loadConfig(configFile)
  if (!config) return { faults, summary: '' }
  const director = createOffline(new Publisher(1))
  const prepared = await director.prepare(config, 'no-copies')
  const { zones, regions, services } = { ...config, zones: prepared.zones.zones }
  return {
    faults: [...faults, ...prepared.faults].sort(compareFaults),
    summary: [plural(zones.length, 'zone'), plural(regions.size, 'region'), plural(services.size, 'service')].join(
      ', ',
    ),
  }
}

/** Explains from a plan made now, with no balancer probed: all count as up. */
export async function planOffline(
  configFile: string,
  query: ExplainQuery,
): Promise<Explained | { readonly faults: readonly Fault[] }> {
  const { config, faults } = loadConfig(configFile)
  if (!config) return { faults }
  const publisher = new Publisher(1)
  const hosts = await resolveHosts(config)
  const director = createOffline(publisher, hosts)
  const prepared = await director.prepare(config, 'no-copies')
  if (prepared.refused || prepared.faults.some(isError)) return { faults: [...faults, ...prepared.faults] }
  await director.commit(prepared, new Map())
  const explained = await explainQuery(director, query)
  publisher.close()
  return explained
}

/** The HTTP API that a configuration asks for. */
export function adminUrl(configFile: string): string | undefined {
  const admin = loadConfig(configFile).config?.admin
  if (!admin) return undefined
  const { host, port } = admin.listen
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Balancers that are host names are looked up, once. */
async function resolveHosts({ regions, aliases, startup }: Config): Promise<AliasAnswers> {
  const names = hostNames(regions.values())
  if (names.size === 0) return unresolved
  const silent = { onChange: () => undefined, onTrouble: () => undefined }
  const ask = createAsker(aliases.resolvers.map(formatEndpoint))
  const resolver = new AliasResolver({ clock: systemClock, ask, maxStaleMs: aliases.maxStaleMs, ...silent })
  resolver.include(names)
  await resolver.firstRound(startup.deadlineMs)
  resolver.stop()
  return (target) => resolver.answer(target)
}

function createOffline(publisher: Publisher, hosts: AliasAnswers = unresolved): Director {
  return new Director(publisher, new PlaceBook(PLACES), new PlaceBook(PLACES), hosts)
}
