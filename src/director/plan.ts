// Plans: for every service and client class, which balancers answer and with what share, and why. Pure: definitions and
// health in, rows for the snapshot out. explain.ts tells the story of the same computation; publishing is not here.
import { formatAddress, type Address } from '../base/address.ts'
import type { RowTables, ServiceRows } from '../snapshot/plan-image.ts'
import { createPreferences, type Preferences, type SlotTable } from '../snapshot/slot-table.ts'
import { asksClient, buildSteps, steer, type Steering } from '../steer/fold.ts'
import type { Candidate, Client, ConsistentHashConfig, Step } from '../steer/steer.ts'
import type { Region, Service } from './service.ts'
import { answering, candidateOf, surveyRegion, type HealthById, type Survey, type SurveyedBalancer } from './survey.ts'
import { buildTable, type Member, type Seat, type TableOptions } from './tables.ts'

/** What plans are made from. */
export interface World {
  readonly regions: ReadonlyMap<string, Region>
  /** By `targetId`; a balancer that is missing is not monitored and counts as up. */
  readonly health: HealthById
  /** What pinned slots prefer, by service: kept by the caller from plan to plan, filled here. */
  readonly preferences: Map<string, Preferences>
}

export interface BalancerShare extends Omit<SurveyedBalancer, 'balancer'> {
  readonly address: Address
  /** The part of the class's queries for its type that it should answer first. */
  readonly share: number
  /** The same as the slots have it. */
  readonly realised: number
}

export interface RegionShare {
  readonly region: string
  readonly isUp: boolean
  readonly reason: string
  readonly tier: number
  /** The part of the class's queries; sums to 1 over the regions, or to 0 when nobody answers. */
  readonly share: number
  /** Why that share. */
  readonly note: string
  readonly balancers: readonly BalancerShare[]
}

/** Who answers one client class. Classes with equal shares are the same object. */
export interface ClassPlan {
  readonly tables: RowTables
  /** In configured order; a last resort from outside the service stands last. */
  readonly regions: readonly RegionShare[]
  /** The part of the weight that is healthy, 0 to 1. */
  readonly healthy: number
  /** True: the service's fallback applies. */
  readonly panic: boolean
}

export interface ServicePlan {
  readonly service: Service
  readonly rows: ServiceRows
  /** By client class, parallel to `rows.rows`. */
  readonly classes: readonly ClassPlan[]
}

/**
 * Plans one service. `classes` are the representatives of the classes of client map number `clientMap`; when steering
 * ignores the client, or there is no map (−1), the service has one row.
 */
export function planService(
  service: Service,
  world: World,
  classes: readonly Client[] = [],
  clientMap = -1,
): ServicePlan {
  const planner = createPlanner(service, world)
  const hasMap = clientMap >= 0 && planner.steps.some(asksClient)
  const plans = (hasMap ? classes : [{}]).map((client) => planner.planClass(client).plan)
  const rows: ServiceRows = {
    name: service.name,
    clientMap: hasMap ? clientMap : -1,
    pin: planner.pin,
    rows: plans.map(({ tables }) => tables),
    leastTtl: service.ttl,
  }
  return { service, rows, classes: plans }
}

/** One service made ready to plan any client: surveyed once, equal outcomes made once. */
export interface Planner {
  readonly steps: readonly Step[]
  readonly pin: ServiceRows['pin']
  /** The fold with its trace, and the plan that follows from it. */
  readonly planClass: (client: Client) => { readonly steering: Steering; readonly plan: ClassPlan }
}

export function createPlanner(service: Service, world: World): Planner {
  const steps = buildSteps(service.steer)
  const pin = service.steer.find((config) => config.step === 'consistent-hash')
  const preferences = pin && preferencesOf(service.name, pin.seed, world.preferences)
  const options = { take: takeOf(service), families: service.families, preferences }
  const surveys = new Map(involved(service).map((name) => [name, surveyRegion(world.regions.get(name)!, world.health)]))
  const candidates = service.regions.map((name) => candidateOf(surveys.get(name)!))
  const plans = new Map<string, ClassPlan>()
  return {
    steps,
    pin: pin && preferences && pinOf(pin, preferences),
    planClass: (client) => {
      const steering = steer(candidates, steps, service, { client, regions: world.regions })
      const key = keyOf(steering)
      const plan = plans.get(key) ?? planShares(service, steering, surveys, options)
      plans.set(key, plan)
      return { steering, plan }
    },
  }
}

function preferencesOf(service: string, seed: string, known: Map<string, Preferences>): Preferences {
  const key = `${service}\n${seed}`
  const preferences = known.get(key) ?? createPreferences(service, seed)
  known.set(key, preferences)
  return preferences
}

function pinOf({ ipv4Bits, ipv6Bits }: ConsistentHashConfig, { seed }: Preferences): ServiceRows['pin'] {
  return { ipv4Bits, ipv6Bits, seed }
}

function takeOf({ steer: steps }: Service): number {
  return steps.find((config) => config.step === 'take')?.count ?? 1
}

/** The service's regions, and its last resort if that is another one. */
function involved({ regions, fallback }: Service): readonly string[] {
  return [...new Set(fallback === 'all' || fallback === 'none' ? regions : [...regions, fallback])]
}

/** Text that is equal for outcomes with equal plans. */
function keyOf({ candidates, panic }: Steering): string {
  return `${panic} ${candidates.map(({ tier, share }) => `${tier}:${share}`).join(' ')}`
}

function planShares(
  service: Service,
  steering: Steering,
  surveys: ReadonlyMap<string, Survey>,
  options: TableOptions,
): ClassPlan {
  const { candidates, healthy, panic } = steering
  const total = candidates.reduce((sum, { share }) => sum + share, 0)
  const settled = candidates.map((candidate) => ({ ...candidate, share: total > 0 ? candidate.share / total : 0 }))
  const members = settled.filter(({ share }) => share > 0).map((candidate) => memberOf(candidate, surveys, panic))
  const ipv4 = buildTable(members, 4, options)
  const ipv6 = buildTable(members, 6, options)
  const realised = realisedBy([ipv4, ipv6])
  const regions = settled.map((candidate) => shareOf(candidate, surveys.get(candidate.region)!, realised))
  return { tables: { ttl: service.ttl, ipv4: ipv4.table, ipv6: ipv6.table }, regions, healthy, panic }
}

function memberOf({ region, tier, share }: Candidate, surveys: ReadonlyMap<string, Survey>, panic: boolean): Member {
  return { region, tier, share, balancers: answering(surveys.get(region)!, panic) }
}

interface Realised {
  readonly share: number
  readonly realised: number
}

function realisedBy(tables: readonly { table: SlotTable; seats: readonly Seat[] }[]): ReadonlyMap<string, Realised> {
  const entries = tables.flatMap(({ table, seats }) =>
    seats.map(({ region, address, share, slots }) => {
      const key = address ? `${region}/${formatAddress(address)}` : region
      return [key, { share, realised: slots / table.slots.length }] as const
    }),
  )
  return new Map(entries)
}

function shareOf(
  { region, tier, share, note }: Candidate,
  { isUp, reason, balancers }: Survey,
  realised: ReadonlyMap<string, Realised>,
): RegionShare {
  const shares = balancers.map(({ balancer: { address }, state, reason }) => ({
    address,
    state,
    reason,
    ...(realised.get(`${region}/${formatAddress(address)}`) ?? { share: 0, realised: 0 }),
  }))
  return { region, isUp, reason, tier, share, note, balancers: shares }
}
