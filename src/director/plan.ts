// Plans: for every service and client class, which balancers answer and with what share. Pure: definitions and health in,
// rows for the snapshot out. A planner is made for a configuration and its client maps; it plans anew at each event.
// explain.ts tells the story of the same computation; publishing is not here.
import type { RowTables, ServiceRows } from '../snapshot/plan-image.ts'
import { createPreferences, type Preferences } from '../snapshot/pinned-slots.ts'
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
import { prepareSpread, settle, type Moment, type Outcome, type Settling } from './settle.ts'
import { asks, shapeOf, shapesOf, type Outline, type Shape } from './shape.ts'
import { surveyRegion, type HealthById } from './survey.ts'
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
  /** Those who answer; their shares sum to 1. Empty: nobody does. */
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
  return { surveys: new Map(Array.from(regions, ([name, region]) => [name, surveyRegion(region, health)])), scores }
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
      const classes = planShapes(shapes, (shape) => settle(settling, shape, moment), build)
      const rows = classes.map(({ tables }) => tables)
      const head = { name: service.name, clientMap: hasMap ? clientMap : -1, pin: basics.pin, leastTtl: service.ttl }
      return { service, regions: basics.regions, rows: { ...head, rows }, classes }
    },
    planClient: (client, moment) => {
      const [plan] = planShapes([shapeOf(outline, client)], (shape) => settle(settling, shape, moment), build)
      return plan!
    },
  }
}

/** By class: equal shapes are settled once, and equal outcomes are one plan. */
function planShapes(
  shapes: readonly Shape[],
  settleShape: (shape: Shape) => Outcome,
  build: (outcome: Outcome) => RowTables,
): readonly ClassPlan[] {
  const byShape = new Map<Shape, ClassPlan>()
  const byOutcome = new Map<string, ClassPlan>()
  return shapes.map((shape) => {
    let plan = byShape.get(shape)
    if (plan) return plan
    const outcome = settleShape(shape)
    const key = `${outcome.panic} ${outcome.key}`
    const { members, healthy, panic } = outcome
    plan = byOutcome.get(key) ?? { tables: build(outcome), members, healthy, panic }
    byOutcome.set(key, plan)
    byShape.set(shape, plan)
    return plan
  })
}

function createTableBuilder({ ttl, families }: Service, filling: Filling): (outcome: Outcome) => RowTables {
  const known = new Map<string, RowTables>()
  return ({ key, members }) => {
    const before = known.get(key)
    if (before) return before
    const [ipv4, ipv6] = [buildTable(members, 4, families, filling), buildTable(members, 6, families, filling)]
    const tables = { ttl, ipv4: ipv4.table, ipv6: ipv6.table }
    if (known.size === MAX_REMEMBERED) known.clear()
    known.set(key, tables)
    return tables
  }
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
  return {
    ...{ service: name, names, fallback, panic, take: take ?? 1, facts, nested },
    ...prepareSpread(buildSteps(steer), names, facts),
  }
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
