// From a service's definition to what planning works with: its outline (who may answer whom, before health) and its
// settling (who answers, by health), each with those of services in a region's place within; and how its clients are pinned.
import { createPreferences, type Preferences } from '../snapshot/pinned-slots.ts'
import type { ServiceHead } from '../snapshot/plan-image.ts'
import { buildStep, buildSteps } from '../steer/fold.ts'
import type { ConsistentHashConfig, IpHashConfig, RegionFacts, StepConfig } from '../steer/steer.ts'
import { resolveName, type Definitions, type Service } from './service.ts'
import { prepareSpread, type Settling } from './settle.ts'
import { makeRoom } from './settle-outcome.ts'
import type { Outline } from './shape.ts'
import type { Filling } from './tables.ts'

/** What a client's shape is made from. */
export function outlineOf(service: Service, definitions: Definitions): Outline {
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

/** What a shape is settled by. `outerTake`: addresses in one answer, as a service around this one says; the outermost word counts. */
export function settlingOf(service: Service, definitions: Definitions, outerTake?: number): Settling {
  const take = outerTake ?? service.steer.find((config) => config.step === 'take')?.count
  const nested = service.regions.map((name) => {
    const found = resolveName(name, definitions)
    return 'service' in found ? settlingOf(found.service, definitions, take) : undefined
  })
  const facts = factsOf(service, definitions)
  const { name, regions: names, fallback, panic, steer } = service
  const behind = names.map((name) => regionsBehind(name, definitions))
  return {
    ...{ service: name, names, fallback, panic, take: take ?? 1, behind, facts, nested },
    room: makeRoom(names.length),
    ownWeights: new Set(steer.flatMap((config) => ('weights' in config ? Object.keys(config.weights) : []))),
    ...prepareSpread(buildSteps(steer), names, facts),
  }
}

/** A region itself; of a service in its place, those that it is made of. */
export function regionsBehind(name: string, definitions: Definitions): readonly string[] {
  const found = resolveName(name, definitions)
  if ('region' in found) return [name]
  return found.service.regions.flatMap((inner) => regionsBehind(inner, definitions))
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

/** How the slots of a service's tables are filled. `known`: what slots prefer, kept from planner to planner. */
export function fillingOf(service: Service, definitions: Definitions, known: Map<string, Preferences>): Filling {
  const pin = pinOf(service, definitions)
  if (!pin) return { kind: 'counted' }
  if (pin.step === 'ip-hash') return { kind: 'modulo' }
  const key = `${service.name}\n${pin.seed}`
  const preferences = known.get(key) ?? createPreferences(service.name, pin.seed)
  known.set(key, preferences)
  return { kind: 'rendezvous', preferences }
}

/** How clients find their slots; undefined: a counter walks them. */
export function pinRecordOf(service: Service, definitions: Definitions): ServiceHead['pin'] {
  const pin = pinOf(service, definitions)
  if (!pin) return undefined
  const { ipv4Bits, ipv6Bits } = pin
  return { ipv4Bits, ipv6Bits, seed: createPreferences(service.name, pin.step === 'ip-hash' ? '' : pin.seed).seed }
}

/** Text that is equal for services whose clients have equal shapes. */
export function outlineKey({ regions, fallback, steer }: Service, definitions: Definitions): string {
  const first = steer.filter((config) => ['fence', 'rank'].includes(buildStep(config).phase))
  return JSON.stringify([regions, fallback, first, regions.map((name) => innerKey(name, definitions, outlineKey))])
}

/**
 * Text that is equal for services that answer alike at any moment: one plan does for all. Slots that are pinned, and load,
 * are each service's own.
 */
export function policyKey(service: Service, definitions: Definitions): string {
  const { name, ...policy } = service
  const isOwn = pinsWithin(service, definitions).length > 0 || service.steer.some((config) => buildStep(config).load)
  const inner = service.regions.map((each) => innerKey(each, definitions, policyKey))
  return JSON.stringify([policy, isOwn ? name : '', inner])
}

function innerKey(name: string, definitions: Definitions, keyOf: typeof outlineKey): string {
  const found = resolveName(name, definitions)
  return 'service' in found ? keyOf(found.service, definitions) : ''
}
