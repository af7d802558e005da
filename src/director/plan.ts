// Plans: for every service and client class, which balancers answer and with what share. Pure: definitions and health in,
// rows for the snapshot out. A planner is made for a configuration and its client maps; it plans anew at each event.
// explain.ts tells the story of the same computation; publishing is not here.
import type { RowTables, ServiceRows } from '../snapshot/plan-image.ts'
import { createPreferences, type Preferences } from '../snapshot/pinned-slots.ts'
import type { SlotTable } from '../snapshot/slot-table.ts'
import { buildSteps } from '../steer/fold.ts'
import type {
  Client,
  ConsistentHashConfig,
  IpHashConfig,
  RegionFacts,
  Scores,
  Step,
  StepConfig,
} from '../steer/steer.ts'
import { regionsOf, resolveName, type Definitions, type Service } from './service.ts'
import { prepareSpread, settle, type Family, type Moment, type Outcome, type Settling } from './settle.ts'
import { asks, shapeOf, shapesOf, type Outline, type Shape } from './shape.ts'
import { manyFail, surveyRegion, type HealthById } from './survey.ts'
import { buildTable, type Filling, type Member } from './tables.ts'

/** What plans are made from. */
export interface World extends Definitions {
  /** By `targetId`; a balancer that is missing is not monitored and counts as up. */
  readonly health: HealthById
  /** By service: scores of its load steps; missing: nobody reported. */
  readonly scores?: ReadonlyMap<string, Scores>
  /** What pinned slots prefer, by service: kept by the caller from plan to plan, filled here. */
  readonly preferences: Map<string, Preferences>
}

/** Who answers one client class. Classes with equal outcomes are the same object. */
export interface ClassPlan {
  readonly tables: RowTables
  /** Those who answer; their shares sum to 1. Empty: nobody does. Where families are independent, those of IPv4, if any. */
  readonly members: readonly Member[]
  /** The part of the weight that is healthy, 0 to 1. */
  readonly healthy: number
  /** True: the service's fallback applies. */
  readonly panic: boolean
}

export interface ServicePlan {
  readonly service: Service
  /** All regions that may answer, in configured order; the last resort last. */
  readonly regions: readonly string[]
  readonly rows: ServiceRows
  /** By client class, parallel to `rows.rows`. */
  readonly classes: readonly ClassPlan[]
}

/** One service made ready to be planned at any moment. */
export interface Planner {
  readonly service: Service
  readonly steps: readonly Step[]
  readonly regions: readonly string[]
  readonly pin: ServiceRows['pin']
  readonly filling: Filling
  readonly plan: (moment: Moment) => ServicePlan
  /** One client, whatever the classes. */
  readonly planClient: (client: Client, moment: Moment) => ClassPlan
  /** Who answers one client, of both families or of one. */
  readonly settleClient: (client: Client, moment: Moment, family: Family) => Outcome
}

/** Which clients a planner tells apart. */
export interface Classes {
  /** A representative of each class. */
  readonly clients: readonly Client[]
  /** The number of their client map; −1: there is none. */
  readonly clientMap: number
}

const NO_CLASSES: Classes = { clients: [], clientMap: -1 }

/** Tables that a planner remembers: health comes back to where it was. */
const MAX_REMEMBERED = 1024

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
  return createPlanner(service, world, world.preferences, { clients: classes, clientMap }).plan(momentOf(world))
}

/** The present health of every region. */
export function momentOf({ regions, health, scores = new Map() }: World): Moment {
  const surveys = new Map(Array.from(regions, ([name, region]) => [name, surveyRegion(region, health)]))
  return { surveys, scores, manyFail: manyFail(surveys.values()) }
}

export function createPlanner(
  service: Service,
  definitions: Definitions,
  preferences: Map<string, Preferences>,
  { clients, clientMap }: Classes = NO_CLASSES,
): Planner {
  const steps = buildSteps(service.steer)
  const outline = outlineOf(service, definitions)
  const settling = settlingOf(service, definitions, undefined)
  const filling = fillingOf(service, definitions, preferences)
  const hasMap = clientMap >= 0 && asks(outline)
  const shapes = shapesOf(outline, hasMap ? clients : [{}])
  const build = createTableBuilder(service, filling)
  const pin = pinOf(service, definitions)
  const basics = {
    service,
    steps,
    regions: [...regionsOf(service, definitions)],
    filling,
    pin: pin && seedPin(service, pin),
  }
  return {
    ...basics,
    plan: (moment) => {
      const settleShape: SettleShape = (shape, family) => settle(settling, shape, moment, family)
      const classes = planShapes(shapes, settleShape, (outcomes) => build(outcomes, moment))
      const rows = classes.map(({ tables }) => tables)
      const leastTtl = rows.reduce((least, { ttl }) => Math.min(least, ttl), service.ttl)
      const head = { name: service.name, clientMap: hasMap ? clientMap : -1, pin: basics.pin, leastTtl }
      return { service, regions: basics.regions, rows: { ...head, rows }, classes }
    },
    planClient: (client, moment) => {
      const shape = shapeOf(outline, client)
      return build((family) => settle(settling, shape, moment, family), moment)
    },
    settleClient: (client, moment, family) => settle(settling, shapeOf(outline, client), moment, family),
  }
}

/** By class: equal shapes are settled once, and equal outcomes are one plan. */
function planShapes(
  shapes: readonly Shape[],
  settleShape: SettleShape,
  build: (outcomes: Outcomes) => KeyedPlan,
): readonly ClassPlan[] {
  const byShape = new Map<Shape, ClassPlan>()
  const byOutcome = new Map<string, ClassPlan>()
  return shapes.map((shape) => {
    let plan = byShape.get(shape)
    if (plan) return plan
    const { key, ...fresh } = build((family) => settleShape(shape, family))
    plan = byOutcome.get(key) ?? fresh
    byOutcome.set(key, plan)
    byShape.set(shape, plan)
    return plan
  })
}

type SettleShape = (shape: Shape, family: Family) => Outcome

type Outcomes = (family: Family) => Outcome

/** `key`: equal for equal plans of one moment. */
type KeyedPlan = ClassPlan & { readonly key: string }

type TableBuilder = (outcomes: Outcomes, moment: Moment) => KeyedPlan

function createTableBuilder(service: Service, filling: Filling): TableBuilder {
  const { families } = service
  const known = new Map<string, SlotTable>()
  const tableOf = ({ key, members }: Outcome, family: 4 | 6): SlotTable => {
    const before = known.get(`${family} ${key}`)
    if (before) return before
    const { table } = buildTable(members, family, families, filling)
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(`${family} ${key}`, table)
    return table
  }
  return (outcomes, moment) => {
    const four = outcomes(families === 'coherent' ? undefined : 4)
    const six = families === 'coherent' ? four : outcomes(6)
    const ttl = ttlOf(service, [...four.members, ...six.members], moment)
    return {
      tables: { ttl, ipv4: tableOf(four, 4), ipv6: tableOf(six, 6) },
      members: four.members.length > 0 ? four.members : six.members,
      healthy: Math.min(four.healthy, six.healthy),
      panic: four.panic || six.panic,
      key: `${four.panic} ${four.key}/${six.panic} ${six.key}`,
    }
  }
}

/**
 * The TTL follows health: while a balancer in the answer could turn, an answer is good for no longer than that takes, so
 * that clients hear of the turn soon. One for both families; the service's own while many regions fail at once.
 */
export function ttlOf({ ttl, leastTtl }: Service, members: readonly Member[], { manyFail: isStorm }: Moment): number {
  const soonest = Math.min(...members.map(({ turnsIn }) => turnsIn))
  return isStorm || soonest === Infinity ? ttl : Math.min(ttl, Math.max(leastTtl, Math.ceil(soonest)))
}

function outlineOf(service: Service, definitions: Definitions): Outline {
  const nested = service.regions.map((name) => {
    const found = resolveName(name, definitions)
    return 'service' in found ? outlineOf(found.service, definitions) : undefined
  })
  return {
    names: service.regions,
    fallback: service.fallback,
    steps: buildSteps(service.steer),
    facts: factsOf(service, definitions),
    roundTrips: definitions.roundTrips,
    nested,
  }
}

/** `outerTake`: addresses in one answer, as a service around this one says; the outermost word counts. */
function settlingOf(service: Service, definitions: Definitions, outerTake: number | undefined): Settling {
  const take = outerTake ?? service.steer.find((config) => config.step === 'take')?.count
  const nested = service.regions.map((name) => {
    const found = resolveName(name, definitions)
    return 'service' in found ? settlingOf(found.service, definitions, take) : undefined
  })
  const facts = factsOf(service, definitions)
  const { name, regions: names, fallback, panic, steer } = service
  const families = names.map((name) => familiesOf(name, definitions))
  return {
    ...{ service: name, names, fallback, panic, take: take ?? 1, families, facts, nested },
    ...prepareSpread(buildSteps(steer), names, facts),
  }
}

/** Families of which a region, or a service in its place, has a balancer. */
export function familiesOf(name: string, definitions: Definitions): ReadonlySet<4 | 6> {
  const found = resolveName(name, definitions)
  if ('region' in found) return new Set(found.region.balancers.map(({ address }) => address.family))
  return new Set(found.service.regions.flatMap((inner) => [...familiesOf(inner, definitions)]))
}

/** What steps may know of a service's regions; a service in a region's place weighs 1 unless a step says otherwise. */
export function factsOf({ regions: names }: Service, definitions: Definitions): ReadonlyMap<string, RegionFacts> {
  return new Map(
    names.map((name) => {
      const found = resolveName(name, definitions)
      return [name, 'region' in found ? found.region : { weight: 1 }]
    }),
  )
}

type PinConfig = ConsistentHashConfig | IpHashConfig

/** The service's own pin, or that of a service within it, whose clients were promised to keep their region. */
function pinOf(service: Service, definitions: Definitions): PinConfig | undefined {
  return pinsWithin(service, definitions)[0]
}

/** The service's own pin, or all those of the services within it: config refuses two that differ. */
export function pinsWithin(service: Service, definitions: Definitions): readonly PinConfig[] {
  const own = service.steer.find(isPin)
  if (own) return [own]
  return service.regions.flatMap((name) => {
    const found = resolveName(name, definitions)
    return 'service' in found ? pinsWithin(found.service, definitions) : []
  })
}

function isPin(config: StepConfig): config is PinConfig {
  return config.step === 'consistent-hash' || config.step === 'ip-hash'
}

function fillingOf(service: Service, definitions: Definitions, known: Map<string, Preferences>): Filling {
  const pin = pinOf(service, definitions)
  if (!pin) return { kind: 'counted' }
  if (pin.step === 'ip-hash') return { kind: 'modulo' }
  const key = `${service.name}\n${pin.seed}`
  const preferences = known.get(key) ?? createPreferences(service.name, pin.seed)
  known.set(key, preferences)
  return { kind: 'rendezvous', preferences }
}

function seedPin({ name }: Service, pin: PinConfig): NonNullable<ServiceRows['pin']> {
  const { ipv4Bits, ipv6Bits } = pin
  return { ipv4Bits, ipv6Bits, seed: createPreferences(name, pin.step === 'ip-hash' ? '' : pin.seed).seed }
}
