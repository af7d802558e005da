// What makes sense only when several sections are seen together. `checkServices` works on the raw document beside other
// faults; `lintConfig` looks at a config that has no other.
import { textOf } from '../director/address-text.ts'
import type { StepConfig } from '../steer/steer.ts'
import { checkSteer, type NamedRegion, type SteerProblem } from '../steer/check.ts'
import { needsGeo } from '../steer/client-key.ts'
import { checkAnswers } from './answers.ts'
import type { Config } from './config.ts'
import type { Path } from './document.ts'
import { misspelt } from './explain.ts'
import { isMapping, valueAt, type Finding } from './finding.ts'
import { lintDoubt } from './doubt-checks.ts'
import { checkPins } from './nesting.ts'
import { namesIn, pathsLike } from './references.ts'
import { configRows, rowsAt } from './rows.ts'
import { formatEndpoint } from './scalars.ts'
import { stepSchema } from './steps.ts'

/** A step that could be read, and where it stands. */
interface PlacedStep {
  readonly path: Path
  readonly config: StepConfig
}

/** Steer lists that make no sense for their services, and steps that lack what they need. */
export function checkServices(document: unknown): Finding[] {
  const services = pathsLike(document, ['services', '*'])
  return [
    ...services.flatMap((path) => checkService(document, path)),
    ...checkGeo(document, services),
    ...checkKnowledge(document, services),
  ]
}

function checkService(document: unknown, path: Path): Finding[] {
  const names = stringsAt(document, [...path, 'regions'])
  const [ownRegions, ownServices] = [namesIn(document, 'regions'), namesIn(document, 'services')]
  if (names.length === 0 || ownRegions === undefined || ownServices === undefined) return []
  const defined = [...ownRegions, ...ownServices]
  const steps = stepsOf(document, path)
  const regions = names.map((name) => factsOf(document, name, ownRegions))
  const problems = checkSteer(
    regions,
    steps.map(({ config }) => config),
    fallbackOf(document, path),
  )
  const hasUnknown = names.some((name) => !defined.includes(name))
  return problems
    .filter(({ code, key }) => !(code === 'region-not-in-service' && hasUnknown && defined.includes(key!)))
    .map((problem) => {
      const isService = regions.some(({ name, isService }) => isService === true && name === problem.key)
      return placeProblem(problem, steps[problem.step]!, isService)
    })
}

function fallbackOf(document: unknown, service: Path): string {
  const fallback = valueAt(document, [...service, 'fallback'])
  return typeof fallback === 'string' ? fallback : 'all'
}

function stringsAt(document: unknown, path: Path): string[] {
  return pathsLike(document, [...path, '*'])
    .map((item) => valueAt(document, item))
    .filter((item) => typeof item === 'string')
}

function stepsOf(document: unknown, service: Path): PlacedStep[] {
  return pathsLike(document, [...service, 'steer', '*']).flatMap((path) => {
    const parsed = stepSchema.safeParse(valueAt(document, path))
    return parsed.success ? [{ path, config: parsed.data }] : []
  })
}

/** A region as steering should judge it: what is broken or missing in other ways has its own fault, and none here. */
function factsOf(document: unknown, name: string, regions: readonly string[]): NamedRegion {
  if (!regions.includes(name) && isMapping(valueAt(document, ['services', name]))) {
    return { name, weight: 1, isService: true }
  }
  const weight = valueAt(document, ['regions', name, 'weight'])
  const point = lacksLocation(document, name) ? {} : { latitude: 0, longitude: 0 }
  return { name, weight: typeof weight === 'number' ? weight : 1, ...point }
}

function lacksLocation(document: unknown, name: string): boolean {
  const path = ['regions', name]
  if (!isMapping(valueAt(document, path))) return false
  if (!lacks(document, path, 'location'))
    return isMapping(valueAt(document, [...path, 'location'])) && lacksPoint(document, path)
  return true
}

function lacksPoint(document: unknown, region: Path): boolean {
  return ['latitude', 'longitude'].every((key) => lacks(document, [...region, 'location'], key))
}

/** Whether the key is neither there nor misspelt. */
function lacks(document: unknown, path: Path, key: string): boolean {
  const mapping = valueAt(document, path)
  return isMapping(mapping) && !(key in mapping) && misspelt(mapping, key, rowsAt(path, document)) === undefined
}

function placeProblem(problem: SteerProblem, step: PlacedStep, isService: boolean): Finding {
  const { code, key, entry, message, hint } = problem
  if (code === 'region-without-location' && isService) return { code, path: step.path, part: 'value', message, hint }
  if (code === 'region-without-location') return { code, path: ['regions', key!], part: 'key', message, hint }
  return { code, message, hint, ...placeInStep(step, key, entry) }
}

function placeInStep(
  { path, config }: PlacedStep,
  key: string | undefined,
  entry: string | undefined,
): Pick<Finding, 'path' | 'part'> {
  if (key === undefined) return { path, part: 'value' }
  switch (config.step) {
    case 'failover':
      return { path: [...path, 'failover', config.order.lastIndexOf(key)], part: 'value' }
    case 'fence':
    case 'map':
      return { path: [...path, config.step, entry!, config.entries[entry!]!.lastIndexOf(key)], part: 'value' }
    case 'nearest':
      return { path: [...path, 'nearest', 'bias', key], part: 'key' }
    case 'weighted-least-connections':
      return { path: [...path, config.step, 'weights', key], part: 'key' }
    default:
      return { path: [...path, config.step, key], part: 'key' }
  }
}

/** Told once, at the first step that needs what is not there. */
function checkGeo(document: unknown, services: readonly Path[]): Finding[] {
  return [
    ...needs(document, services, 'geo', asksGeo, 'needs to know where clients are', '{ source: geoip-lite }'),
    ...needs(document, services, 'roundTrips', asksTimes, 'needs to know what regions measured', 'round-trips.txt'),
  ]
}

function needs(
  document: unknown,
  services: readonly Path[],
  section: 'geo' | 'roundTrips',
  asks: (config: StepConfig) => boolean,
  why: string,
  example: string,
): Finding[] {
  if (section in Object(document) || misspelt(document, section, [configRows]) !== undefined) return []
  const step = services.flatMap((service) => stepsOf(document, service)).find(({ config }) => asks(config))
  if (!step) return []
  const message = `\`${step.config.step}\` ${why}, and there is no \`${section}\` section`
  const code = section === 'geo' ? 'no-geo' : 'no-round-trips'
  return [{ code, path: step.path, part: 'value', message, hint: `add \`${section}: ${example}\`` }]
}

/** Entries and steps that ask for what the geo data does not tell: they would find every client unknown. */
function checkKnowledge(document: unknown, services: readonly Path[]): Finding[] {
  const source = valueAt(document, ['geo', 'source'])
  if (source !== 'geoip-lite' && source !== 'table' && source !== 'mmdb') return []
  const has = (kind: string): boolean => !lacks(document, ['geo'], kind)
  const isMmdb = source === 'mmdb'
  if (isMmdb && !['city', 'country', 'asn'].some(has)) return []
  const places = { knows: !isMmdb || has('city') || has('country'), code: 'no-country', needed: 'city` or `country' }
  const providers = { knows: isMmdb && has('asn'), code: 'no-asn', needed: 'asn' }
  const steps = services.flatMap((service) => stepsOf(document, service))
  const entries = steps.flatMap(({ path, config }) => {
    const keys = 'entries' in config ? Object.keys(config.entries).filter(needsGeo) : []
    return keys.map((key) => ({
      key,
      path: [...path, config.step, key],
      asked: /^AS\d/.test(key) ? providers : places,
    }))
  })
  const ranks = steps.filter(({ config }) => config.step === 'nearest' && isMmdb && !has('city'))
  return [
    ...entries
      .filter(({ asked }) => !asked.knows)
      .map(({ key, path, asked }): Finding => {
        const message = `nobody is known to be of ${key}: geo data of the source \`${source}\` does not tell it`
        const hint = isMmdb ? `add \`geo.${asked.needed}\`, or name prefixes` : 'name its prefixes'
        return { code: asked.code, severity: 'warning', path, part: 'key', message, hint }
      }),
    ...ranks.map(({ path }): Finding => {
      const message = '`nearest` finds nobody near: without `geo.city` no coordinates are known'
      return { code: 'no-coordinates', severity: 'warning', path, part: 'value', message, hint: 'add `geo.city`' }
    }),
  ]
}

function asksTimes({ step }: StepConfig): boolean {
  return step === 'fastest'
}

function asksGeo(config: StepConfig): boolean {
  if (config.step === 'fence' || config.step === 'map') return Object.keys(config.entries).some(needsGeo)
  return config.step === 'nearest'
}

/** The listener that two would share, and what is served but looks like a slip. */
export function lintConfig(config: Config): Finding[] {
  return [
    ...checkListeners(config),
    ...checkPins(config),
    ...lintDoubt(config),
    ...checkAnswers(config),
    ...unusedMonitors(config),
    ...unusedRegions(config),
    ...sharedBalancers(config),
  ]
}

function checkListeners({ listen, admin, agent }: Config): Finding[] {
  const taken = new Map(listen.map((endpoint) => [formatEndpoint(endpoint), 'DNS']))
  return Object.entries({ admin, agent }).flatMap(([section, own]): Finding[] => {
    if (!own) return []
    const holder = taken.get(formatEndpoint(own.listen))
    taken.set(formatEndpoint(own.listen), `\`${section}\``)
    if (holder === undefined) return []
    const message = `\`${section}.listen\` is where ${holder} listens too`
    return [{ code: 'listen-twice', path: [section, 'listen'], part: 'value', message, hint: 'choose another port' }]
  })
}

function unusedMonitors({ monitors, regions, doubt }: Config): Finding[] {
  const ofBeacons = doubt.beacons.map(({ monitor }) => monitor)
  const ofRegions = [...regions.values()].flatMap(({ monitor }) => monitor ?? [])
  const ofMonitors = [...monitors.values()].flatMap((monitor) =>
    monitor.type === 'calculated' ? monitor.children : [],
  )
  const used = new Set([...ofBeacons, ...ofRegions, ...ofMonitors].map(({ name }) => name))
  return [...monitors.keys()].filter((name) => !used.has(name)).map((name) => unused('monitors', name, 'region'))
}

function unusedRegions({ regions, services }: Config): Finding[] {
  const used = new Set([...services.values()].flatMap(({ regions: names, fallback }) => [...names, fallback]))
  return [...regions.keys()].filter((name) => !used.has(name)).map((name) => unused('regions', name, 'service'))
}

function unused(section: string, name: string, user: string): Finding {
  const message = `no ${user} uses \`${section}.${name}\``
  return {
    code: 'unused',
    severity: 'warning',
    path: [section, name],
    part: 'key',
    message,
    hint: 'use it, or remove it',
  }
}

function sharedBalancers({ regions }: Config): Finding[] {
  const owners = new Map<string, string>()
  return [...regions.values()].flatMap((region) =>
    region.balancers.flatMap(({ address }, i): Finding[] => {
      const text = textOf(address)
      const owner = owners.get(text) ?? region.name
      owners.set(text, owner)
      if (owner === region.name) return []
      const message = `${text} is a balancer of \`regions.${owner}\` too`
      const path = ['regions', region.name, 'balancers', i]
      return [
        { code: 'shared-balancer', severity: 'warning', path, part: 'value', message, hint: 'is one of them a slip?' },
      ]
    }),
  )
}
