// Plans: for every service and client class, which balancers answer and with what share. Pure: definitions and health in,
// rows for the snapshot out. A planner is made for a configuration and its client maps; it plans anew at each event.
// explain.ts tells the story of the same computation; publishing is not here.
import type { ServiceHead, ServiceRows } from '../snapshot/plan-image.ts'
import type { Preferences } from '../snapshot/pinned-slots.ts'
import type { Verdict } from '../steer/availability.ts'
import type { Client, Scores } from '../steer/steer.ts'
import { answersIn, type AliasAnswer } from './aliases.ts'
import { NO_WORDS, type Words } from './overrides/words.ts'
import { fillingOf, outlineKey, outlineOf, pinRecordOf, settlingOf } from './outline.ts'
import { PlanMemory } from './plan-memory.ts'
import { PlanRows, type ClassPlan, type Outcomes } from './plan-rows.ts'
import { answersCname, regionsOf, type Definitions, type Service } from './service.ts'
import { prepareSettle, type Moment, type SettleShape } from './settle.ts'
import { membersOf } from './settle-outcome.ts'
import { asks, shapeOf, shapesOf, type Outline, type Shape } from './shape.ts'
import { runAtOnce } from './slices.ts'
import { manyFail, surveyRegion, type HealthById, type Takes } from './survey.ts'
import type { Family } from './survey-choice.ts'
import type { Filling } from './tables.ts'

/** What plans are made from. */
export interface World extends Definitions {
  /** By `targetId`; a balancer that is missing is not monitored and counts as up. */
  readonly health: HealthById
  /** By region: what it can take by its own reports; missing: it tells nothing. */
  readonly reported?: ReadonlyMap<string, Takes>
  /** By service: scores of its load steps; missing: nobody reported. */
  readonly scores?: ReadonlyMap<string, Scores>
  /** What operators say; missing: nothing. */
  readonly words?: Words
  /** By host name of a balancer, with its final dot: what it resolves to; missing: nothing is known of it. */
  readonly resolved?: ReadonlyMap<string, AliasAnswer>
  /** What pinned slots prefer, by service: kept by the caller from plan to plan, filled here. */
  readonly preferences: Map<string, Preferences>
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
  readonly regions: readonly string[]
  readonly pin: ServiceHead['pin']
  readonly filling: Filling
  /** Plans all classes, with a pause wherever it has taken long. */
  readonly plan: (moment: Moment) => Generator<void, ServicePlan>
  /** One client, whatever the classes. */
  readonly planClient: (client: Client, moment: Moment) => ClassPlan
  /** Who answers one client, of both families or of one. */
  readonly settleClient: (client: Client, moment: Moment, family: Family) => Verdict & Pick<ClassPlan, 'members'>
}

/** Which clients a planner tells apart. */
export interface Classes {
  /** A representative of each class. */
  readonly clients: readonly Client[]
  /** The number of their client map; −1: there is none. */
  readonly clientMap: number
  /** Shapes of other services that tell the same clients apart, by outline: looked up and added to. */
  readonly shapes: Map<string, readonly Shape[]>
}

/** Rows between two pauses: a tenth of a millisecond where tables are short. */
const ROWS_AT_ONCE = 16

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
  const planner = createPlanner(service, world, world.preferences, { clients: classes, clientMap, shapes: new Map() })
  return runAtOnce(planner.plan(momentOf(world)))
}

/** The present health of every region. */
export function momentOf(world: World): Moment {
  const { regions, health, reported, scores = new Map(), words = NO_WORDS, resolved = new Map() } = world
  const hosts = answersIn(resolved)
  const surveys = new Map(
    Array.from(regions, ([name, region]) => [name, surveyRegion(region, health, reported?.get(name), words, hosts)]),
  )
  return { surveys, scores, manyFail: manyFail(surveys.values()), words }
}

export function createPlanner(
  service: Service,
  definitions: Definitions,
  preferences: Map<string, Preferences>,
  told: Classes = { clients: [], clientMap: -1, shapes: new Map() },
): Planner {
  const outline = outlineOf(service, definitions)
  const settling = settlingOf(service, definitions)
  const filling = fillingOf(service, definitions, preferences)
  const shapes = runAtOnce(findShapes(service, definitions, told))
  const map = mapOf(outline, told)
  const regions = [...regionsOf(service, definitions)]
  const pin = pinRecordOf(service, definitions)
  const distinct = [...new Set(shapes)]
  const rowOf = Uint16Array.from(shapes, (shape) => distinct.indexOf(shape))
  const rows = new PlanRows(service, filling)
  const settlersAt = (moment: Moment) => settlersOf(service, (family) => prepareSettle(settling, moment, family))
  const memory = new PlanMemory<ClassPlan>(settling, carriedBy(service))
  const answers = answersCname(service) ? 'cname' : service.hints ? 'hinted' : 'addresses'
  return {
    ...{ service, regions, filling, pin },
    *plan(moment) {
      const plans = yield* planShapes(distinct, settlersAt(moment), rows, moment, memory)
      const classes = Array.from(rowOf, (row) => plans[row]!)
      const leastTtl = plans.reduce((least, { tables }) => Math.min(least, tables.ttl), service.ttl)
      const { name, ignoreEcs = false } = service
      const head = { name, clientMap: map, pin, leastTtl, ignoresSubnet: ignoreEcs, answers } as const
      return { service, regions, rows: { ...head, rows: classes.map(({ tables }) => tables) }, classes }
    },
    planClient: (client, moment) => rows.make(settleBoth(settlersAt(moment), shapeOf(outline, client)), moment),
    settleClient(client, moment, family) {
      const outcome = prepareSettle(settling, moment, family)(shapeOf(outline, client))
      return { ...outcome, members: membersOf(outcome) }
    },
  }
}

/** The shapes of a service's client classes, made unless they are known: that takes long, and many services share them. */
export function* findShapes(
  service: Service,
  definitions: Definitions,
  { clients, clientMap, shapes: known }: Classes,
): Generator<void, readonly Shape[]> {
  const outline = outlineOf(service, definitions)
  const map = mapOf(outline, { clientMap })
  const key = `${map} ${outlineKey(service, definitions)}`
  const shapes = known.get(key) ?? (yield* shapesOf(outline, map >= 0 ? clients : [{}]))
  known.set(key, shapes)
  return shapes
}

/** The number of the client map that tells a service's clients apart; −1: all are alike, or there is none. */
function mapOf(outline: Outline, { clientMap }: Pick<Classes, 'clientMap'>): number {
  return asks(outline) ? clientMap : -1
}

/** How a shape is settled for A and for AAAA; the same where families are coherent. */
interface Settlers {
  readonly ipv4: SettleShape
  readonly ipv6: SettleShape
}

function settlersOf(service: Service, prepare: (family: Family) => SettleShape): Settlers {
  const family = carriedBy(service)
  if (family === 'apart') return { ipv4: prepare(4), ipv6: prepare(6) }
  const both = prepare(family)
  return { ipv4: both, ipv6: both }
}

/** What the answers of a service carry; `apart`: each family has answers of its own. */
function carriedBy(service: Service): Family | 'apart' {
  if (answersCname(service)) return 'host'
  return service.families === 'independent' ? 'apart' : undefined
}

function settleBoth({ ipv4, ipv6 }: Settlers, shape: Shape): Outcomes {
  const four = ipv4(shape)
  return { ipv4: four, ipv6: ipv6 === ipv4 ? four : ipv6(shape) }
}

const anyway = (): boolean => true

/** The plan of each shape. Equal outcomes are one plan, and what nothing touched since the last time stays as it was. */
function* planShapes(
  shapes: readonly Shape[],
  settlers: Settlers,
  rows: PlanRows,
  moment: Moment,
  memory: PlanMemory<ClassPlan>,
): Generator<void, readonly ClassPlan[]> {
  const isTouched = shapes.length > 1 ? memory.turnTo(moment) : anyway
  const { plans, reached } = memory
  rows.begin()
  for (const [row, shape] of shapes.entries()) {
    if (row < plans.length && !isTouched(shape, reached[row]!)) continue
    const outcomes = settleBoth(settlers, shape)
    plans[row] = rows.intern(outcomes, moment)
    reached[row] = Math.max(outcomes.ipv4.reached, outcomes.ipv6.reached)
    if (rows.isSlow || row % ROWS_AT_ONCE === 0) yield
  }
  return plans
}
