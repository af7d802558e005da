// From what was written to what the program uses: names become the things that they name, paths become absolute, and
// defaults that depend on something are filled in. Only called with a file that has no fault.
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Balancer, Region, Service } from '../director/service.ts'
import type { GeoSource } from '../geo/geo.ts'
import type { Monitor } from '../health/monitor.ts'
import type { Settings } from '../snapshot/settings.ts'
import { assembleMonitors } from './assemble-monitors.ts'
import type { Config } from './config.ts'
import { assembleDoubt } from './doubt.ts'
import { toReportSource } from './reports.ts'
import type { WrittenConfig } from './schema.ts'

/** Unless a service says otherwise, seconds. */
const LEAST_TTL_S = 5

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
    admin,
    agent,
    log,
    startup: { deadlineMs: startup.deadline },
    tcp: {
      maxConnections: tcp.maxConnections,
      maxConnectionsPerClient: tcp.maxConnectionsPerClient,
      idleTimeoutMs: tcp.idleTimeout,
    },
    settings: toSettings(written),
    aliases: { resolvers: written.aliases.resolvers ?? [], maxStaleMs: written.aliases.maxStale },
    querySample: written.queryLog.sample,
    history: { plans: written.history.plans, bytes: written.history.megabytes * 2 ** 20 },
    queryLog: { keep: written.queryLog.keep },
    doubt: assembleDoubt(written.doubt, monitors),
    monitors,
    regions: mapEntries(written.regions, (name, region) => toRegion(name, region, monitors, absolute)),
    services: mapEntries(written.services, toService),
  }
}

function toSettings({ identity, cookies, rateLimit, tcp }: WrittenConfig): Settings {
  return {
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
  return geo.source === 'table' ? { source: 'table', file: absolute(geo.file) } : geo
}

function toService(name: string, written: Written<'services'>): Service {
  const { regions, steer, ttl, leastTtl = Math.min(LEAST_TTL_S, ttl), fallback, panic } = written
  const { families, answers, hints } = written
  return { name, regions, steer, ttl, leastTtl, fallback, panic, families, answers, hints }
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
    ...(latitude === undefined || longitude === undefined ? {} : { latitude, longitude }),
    ...(country === undefined ? {} : { country }),
    ...(monitor && { monitor }),
    ...(written.report && { report: toReportSource(written.report, absolute) }),
  }
}

function toBalancer({ probe, ...balancer }: Written<'regions'>['balancers'][number]): Balancer {
  return { ...balancer, ...(probe === 'host' && { probe }) }
}
