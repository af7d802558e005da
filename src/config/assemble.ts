// From what was written to what the program uses: names become the things that they name, paths become absolute, and
// defaults that depend on something are filled in. Only called with a file that has no fault.
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Balancer, Region, Service } from '../director/service.ts'
import { continentOf } from '../geo/continent.ts'
import type { GeoSource, Location, MmdbFiles } from '../geo/geo.ts'
import type { Monitor } from '../health/monitor.ts'
import type { Settings } from '../snapshot/settings.ts'
import { assembleMonitors } from './assemble-monitors.ts'
import type { Config } from './config.ts'
import { assembleDoubt } from './doubt.ts'
import { toReportSource } from './reports.ts'
import type { WrittenConfig } from './schema.ts'

/** Unless a service says otherwise, seconds. */
const LEAST_TTL_S = 5

/** So that no ramp takes longer than a day. */
const LEAST_MOVEMENT = 1 / (24 * 60)

type Written<Section extends 'regions' | 'services'> = WrittenConfig[Section][string]

/** Relative paths are relative to the folder of `file`. */
export function assemble(written: WrittenConfig, file: string): Config {
  const absolute = (path: string) => resolve(dirname(file), path)
  const { listen, zones, state, geo, roundTrips, admin, agent, log, startup, tcp } = written
  const monitors = assembleMonitors(written.monitors, absolute)
  return {
    file: resolve(file),
    listen,
    workers: written.workers ?? Math.max(1, availableParallelism() - 1),
    sockets: written.sockets,
    zones: absolute(zones),
    state: absolute(state),
    geo: geo && toGeoSource(geo, absolute),
    roundTripsFile: roundTrips?.file === undefined ? undefined : absolute(roundTrips.file),
    roundTripReports: roundTrips && { maxAgeMs: roundTrips.maxAge },
    admin: admin && toAdmin(admin, absolute),
    agent,
    log,
    startup: { deadlineMs: startup.deadline },
    tcp: toTcp(tcp),
    rateLimitBuckets: written.rateLimit.tableSize,
    zoneLimits: written.zoneLimits,
    settings: toSettings(written),
    aliases: { resolvers: written.aliases.resolvers ?? [], maxStaleMs: written.aliases.maxStale },
    querySample: written.queryLog.sample,
    history: { plans: written.history.plans, bytes: written.history.megabytes * 2 ** 20 },
    queryLog: { keep: written.queryLog.keep },
    doubt: assembleDoubt(written.doubt, monitors),
    safety: toSafety(written.safety),
    monitors,
    regions: mapEntries(written.regions, (name, region) => toRegion(name, region, monitors, absolute)),
    services: mapEntries(written.services, toService),
  }
}

function toTcp({ idleTimeout, maxAge, ...limits }: WrittenConfig['tcp']): Config['tcp'] {
  return { ...limits, idleTimeoutMs: idleTimeout, maxAgeMs: maxAge }
}

function toAdmin(
  { requestTimeout, tls, ...limits }: NonNullable<WrittenConfig['admin']>,
  absolute: (path: string) => string,
): NonNullable<Config['admin']> {
  const files = tls && { certificate: absolute(tls.certificate), key: absolute(tls.key) }
  return { ...limits, requestTimeoutMs: requestTimeout, ...(files && { tls: files }) }
}

function toSafety({ fewestRegions, leastCapacity, movement, recovery }: WrittenConfig['safety']): Config['safety'] {
  return { fewestRegions, leastCapacity, movement: Math.max(movement, LEAST_MOVEMENT), recoveryMs: recovery }
}

function toSettings({ identity, cookies, rateLimit, tcp, ecs }: WrittenConfig): Settings {
  return {
    trustedResolvers: ecs.trusted,
    ...identity,
    cookieSecrets: cookies.secrets ?? [],
    rateLimit: rateLimit.responsesPerSecond === 0 ? undefined : rateLimit,
    tcpIdleTimeoutMs: tcp.idleTimeout,
  }
}

function mapEntries<From, To>(entries: Readonly<Record<string, From>>, convert: (name: string, entry: From) => To) {
  return new Map(Object.entries(entries).map(([name, entry]) => [name, convert(name, entry)]))
}

function toGeoSource(geo: NonNullable<WrittenConfig['geo']>, absolute: (path: string) => string): GeoSource {
  const byDefault = geo.private && { private: toPrivate(geo.private) }
  switch (geo.source) {
    case 'geoip-lite':
      return { source: 'geoip-lite', ...byDefault }
    case 'table':
      return { source: 'table', file: absolute(geo.file), ...byDefault }
    case 'mmdb': {
      const { city, country, asn } = geo
      const files = Object.entries({ city, country, asn }).flatMap(([kind, file]) =>
        file === undefined ? [] : [[kind, absolute(file)]],
      )
      return { source: 'mmdb', ...(Object.fromEntries(files) as MmdbFiles), ...byDefault }
    }
  }
}

/** A country tells its continent. */
function toPrivate({
  latitude,
  longitude,
  country,
}: NonNullable<NonNullable<WrittenConfig['geo']>['private']>): Location {
  const continent = country === undefined ? undefined : continentOf(country)
  return {
    ...(latitude !== undefined && longitude !== undefined && { latitude, longitude }),
    ...(country !== undefined && { country }),
    ...(continent !== undefined && { continent }),
  }
}

function toService(name: string, written: Written<'services'>): Service {
  const { regions, steer, ttl, leastTtl = Math.min(LEAST_TTL_S, ttl), fallback, panic } = written
  const { families, ignoreEcs, answers, hints } = written
  return { name, regions, steer, ttl, leastTtl, fallback, panic, families, ignoreEcs, answers, hints }
}

function toRegion(
  name: string,
  written: Written<'regions'>,
  monitors: ReadonlyMap<string, Monitor>,
  absolute: (path: string) => string,
): Region {
  const { weight, balancers, minHealthy, location = {} } = written
  const { latitude, longitude, country } = location
  const monitor = written.monitor === undefined ? undefined : monitors.get(written.monitor)
  return {
    name,
    weight,
    balancers: balancers.map(toBalancer),
    minHealthy,
    ...(written.capacity !== undefined && { capacity: written.capacity }),
    ...(latitude === undefined || longitude === undefined ? {} : { latitude, longitude }),
    ...(country === undefined ? {} : { country }),
    ...(monitor && { monitor }),
    ...(written.report && { report: toReportSource(written.report, absolute) }),
  }
}

function toBalancer({ probe, ...balancer }: Written<'regions'>['balancers'][number]): Balancer {
  return { ...balancer, ...(probe === 'host' && { probe }) }
}
