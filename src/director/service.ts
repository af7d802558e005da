// The definitions that plans are made of, as configured: regions with their balancers, and services over regions.
import type { Address } from '../base/address.ts'
import type { Answerable } from '../snapshot/slot-table.ts'
import type { Monitor } from '../health/monitor.ts'
import type { ReportSource } from '../health/report/source.ts'
import type { RoundTrips, StepConfig } from '../steer/steer.ts'

export interface Balancer {
  /** An address, or the host name of a cloud load balancer. What a host name resolves to at a moment: answerers.ts. */
  readonly address: Answerable
  readonly weight: number
  /** Of a host name whose addresses share one state, probed at the first of them. Missing: each has a state of its own. */
  readonly probe?: 'host'
  /** Probed in the place of `address`, and of the monitor's port. */
  readonly probeAddress?: Address
  readonly probePort?: number
}

export interface Region {
  readonly name: string
  readonly weight: number
  readonly latitude?: number
  readonly longitude?: number
  readonly country?: string
  /** Missing: never probed, counts as up. */
  readonly monitor?: Monitor
  readonly balancers: readonly Balancer[]
  /** Balancers of any family that must be up for the region to be up. */
  readonly minHealthy: number
  /** Requests a second that it can take; missing: not known. */
  readonly capacity?: number
  /** Missing: its L7 tier tells nothing of itself. */
  readonly report?: ReportSource
}

export interface Service {
  readonly name: string
  /** Names in configured order, of regions, or of services that stand in a region's place (`Definitions`). */
  readonly regions: readonly string[]
  readonly steer: readonly StepConfig[]
  /** Seconds, while nothing is about to change. */
  readonly ttl: number
  /** Seconds, at most `ttl`: no answer has less, whatever is about to change. */
  readonly leastTtl: number
  /** `all`, `none`, or the name of a region of last resort. */
  readonly fallback: string
  /** The fallback applies when the healthy part of the weight falls strictly below this (0 to 1); 0: when nothing is healthy. */
  readonly panic: number
  /** `coherent`: the region is chosen first and AAAA of a region without live IPv6 is NODATA. */
  readonly families: 'coherent' | 'independent'
  /** Steers by the resolver's address, whatever client subnet it sends. Of a service in a region's place, the outermost word counts. */
  readonly ignoreEcs?: boolean
  /** `flatten`: addresses, those among them that host names resolve to. `cname`: host names, and nothing else. */
  readonly answers: 'addresses' | 'flatten' | 'cname'
  /** HTTPS and SVCB records beside its names take its addresses for hints. */
  readonly hints: boolean
}

/** What names stand for. A name of both a region and a service is the region. */
export interface Definitions {
  readonly regions: ReadonlyMap<string, Region>
  /** Services may stand in each other's regions, in no circle. */
  readonly services: ReadonlyMap<string, Service>
  /** What regions measured, for `fastest`; missing: nothing. */
  readonly roundTrips?: RoundTrips
}

/** Whether the answers are CNAMEs: one kind in the place of A and AAAA. */
export function answersCname({ answers }: Service): boolean {
  return answers === 'cname'
}

/** What stands behind a name in a service's regions. Config refuses names of nothing. */
export function resolveName(
  name: string,
  { regions, services }: Definitions,
): { region: Region } | { service: Service } {
  const region = regions.get(name)
  if (region) return { region }
  const service = services.get(name)
  if (!service) throw new Error(`"${name}" names neither a region nor a service`)
  return { service }
}

/** The service's regions, its last resort, and those of the services within it: whoever may answer for it. */
export function regionsOf(service: Service, definitions: Definitions): ReadonlySet<string> {
  const { regions, fallback } = service
  const own = fallback === 'all' || fallback === 'none' ? regions : [...regions, fallback]
  const names = own.flatMap((name) => {
    const found = resolveName(name, definitions)
    return 'region' in found ? [name] : [...regionsOf(found.service, definitions)]
  })
  return new Set(names)
}

/** The service itself and those within it. */
export function servicesOf(service: Service, definitions: Definitions): ReadonlySet<string> {
  const inner = service.regions.flatMap((name) => {
    const found = resolveName(name, definitions)
    return 'service' in found ? [...servicesOf(found.service, definitions)] : []
  })
  return new Set([service.name, ...inner])
}

/** The id under which a balancer's health is known. */
export function targetId(region: string, address: string): string {
  return `${region}/${address}`
}
