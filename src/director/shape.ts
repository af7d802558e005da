// What is known of a client class before health is looked at: who may answer it and in which order. Shapes are made once
// for a configuration and its client maps; plans are made from them at each event. Equal shapes are one object.
import { asksClient, applyAll, beginCandidate, isWithinFence } from '../steer/fold.ts'
import { groupTiers } from '../steer/availability.ts'
import type { Client, RegionFacts, RoundTrips, Step } from '../steer/steer.ts'

/** Positions count the service's regions in configured order. */
export interface Shape {
  readonly key: string
  /** Positions of those who may answer, in configured order. */
  readonly members: readonly number[]
  /** The same positions, tier by tier. */
  readonly tiers: readonly (readonly number[])[]
  /** The client may meet the service's last resort, where it has one. */
  readonly hasLastResort: boolean
  /** By position: the shape of a service in a region's place. */
  readonly nested: readonly (Shape | undefined)[]
}

/** What shapes are made from. */
export interface Outline {
  /** Of regions, and of services in a region's place, in configured order. */
  readonly names: readonly string[]
  readonly fallback: string
  readonly steps: readonly Step[]
  readonly facts: ReadonlyMap<string, RegionFacts>
  readonly roundTrips: RoundTrips | undefined
  /** By position: that of a service in a region's place. */
  readonly nested: readonly (Outline | undefined)[]
}

/** The shape of one client. */
export function shapeOf(outline: Outline, client: Client): Shape {
  const { names, steps, facts, roundTrips, fallback } = outline
  const context = { client, regions: facts, ...(roundTrips && { roundTrips }) }
  const first = steps.filter(({ phase }) => phase === 'fence' || phase === 'rank')
  const left = applyAll(first, names.map(beginCandidate), context)
  const members = left.map(({ region }) => names.indexOf(region))
  const tiers = groupTiers(left).map((tier) => tier.map((i) => members[i]!))
  const hasLastResort = isWithinFence(fallback, steps, context)
  const nested = outline.nested.map((inner) => inner && shapeOf(inner, client))
  const order = tiers.map((tier) => tier.join()).join('>')
  const within = nested.map((shape) => shape?.key ?? '').join('|')
  return { key: `${order} ${hasLastResort} (${within})`, members, tiers, hasLastResort, nested }
}

/** Whether shapes differ from client to client. */
export function asks({ steps, nested }: Outline): boolean {
  return steps.some(asksClient) || nested.some((inner) => inner !== undefined && asks(inner))
}

/** The shapes of client classes, by class; equal ones are one object. Pauses after each few. */
export function* shapesOf(outline: Outline, classes: readonly Client[]): Generator<void, readonly Shape[]> {
  const known = new Map<string, Shape>()
  const shapes: Shape[] = []
  for (const client of classes) {
    const shape = shapeOf(outline, client)
    const same = known.get(shape.key) ?? shape
    known.set(shape.key, same)
    if (shapes.push(same) % SHAPES_AT_ONCE === 0) yield
  }
  return shapes
}

/** Half a millisecond. */
const SHAPES_AT_ONCE = 16
