// Figures of plans at size: 1,000 services × 20 regions × 200 client classes, one service in ten pinned; and of plans as
// small as most have them. For each world: the first plan, a region that fails and returns twice, and an event that touches one
// service; planned, laid out and published as the director does it, in slices on the main thread. Times are the CPU's of this thread, which other programs on the
// machine do not lengthen. Run by plain node: `node test/bench/plan.ts [--only=WORDS OF A WORLD] [--json]`.
import { parseAddress } from '../../src/base/address.ts'
import { seededRandom } from '../../src/base/random.ts'
import { textOf } from '../../src/director/address-text.ts'
import { PlanBook } from '../../src/director/plan-book.ts'
import { askQuestion } from '../../src/director/question.ts'
import { targetId, type Definitions, type Region, type Service } from '../../src/director/service.ts'
import { SLICE_MS } from '../../src/director/slices.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import { PlanLayout } from '../../src/snapshot/plan-image.ts'
import { Publisher } from '../../src/snapshot/publication.ts'
import type { Settings } from '../../src/snapshot/settings.ts'
import type { Client, StepConfig } from '../../src/steer/steer.ts'

/** How much there is in a world. */
interface Size {
  readonly services: number
  readonly regions: number
  readonly classes: number
  readonly rounds: number
}

const FULL: Size = { services: 1000, regions: 20, classes: 200, rounds: 10 }
/** Rounds beyond the compiler's warming up, which are most of what a small world takes. */
const SMALL: Size = { services: 50, regions: 10, classes: 40, rounds: 400 }

const SETTINGS: Settings = {
  ...{ version: '', server: '', nsid: '', tcpIdleTimeoutMs: 10_000 },
  cookieSecrets: [new Uint8Array(16)],
  rateLimit: undefined,
}

const random = seededRandom(7)

function createRegion(_: unknown, i: number): Region {
  return {
    name: `region-${i}`,
    weight: 1 + (i % 5),
    latitude: random() * 120 - 55,
    longitude: random() * 360 - 180,
    minHealthy: 1,
    balancers: [`192.0.2.${i + 1}`, `2001:db8::${i + 1}`].map((text) => ({ address: parseAddress(text)!, weight: 1 })),
  }
}

const regions = Array.from({ length: FULL.regions }, createRegion)
const clients = Array.from({ length: FULL.classes }, (): Client => ({
  latitude: random() * 130 - 60,
  longitude: random() * 360 - 180,
}))

type Steering = (service: number) => readonly StepConfig[]

const near = (within: number): StepConfig => ({ step: 'nearest', depth: 3, within, bias: {} })
const PIN: StepConfig = { step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }

/** Weights from 1 to 5 that differ from service to service. */
function ownWeights(service: number): StepConfig {
  const weights = regions.map(
    ({ name }, i) => [name, 1 + ((service * (2 * i + 1) + (service >> (i % 8))) % 5)] as const,
  )
  return { step: 'weighted', weights: Object.fromEntries(weights) }
}

/** What people have: a few ways to steer over and over, and one service in ten pinned, by weight or in its nearest region. */
const usual: Steering = (service) => {
  if (service % 10 === 0) return service % 20 === 0 ? [ownWeights(service), PIN] : [near(0), PIN]
  if (service % 10 < 4) return [near(0)]
  if (service % 10 < 7) return [near(0.2), ownWeights(service % 20)]
  return [ownWeights(service % 30)]
}

interface WorldPlan extends Size {
  readonly steering: Steering
}

const WORLDS: Readonly<Record<string, WorldPlan>> = {
  'usual, nothing pinned': { ...FULL, steering: (service) => usual(service % 10 === 0 ? 1 : service) },
  'usual, one service in ten pinned': { ...FULL, steering: usual },
  'one in ten pinned by weight among the near': {
    ...FULL,
    steering: (service) => (service % 10 === 0 ? [near(0.2), ownWeights(service), PIN] : usual(service)),
  },
  'no two services alike': { ...FULL, steering: (service) => [near(0.2), ownWeights(service)] },
  'no two services alike, wide tiers': { ...FULL, steering: (service) => [near(1), ownWeights(service)] },
  'few services, by weight': { ...SMALL, steering: (service) => [ownWeights(service)] },
  'few services, usual': { ...SMALL, steering: usual },
}

interface Figure {
  readonly world: string
  readonly event: string
  /** CPU ms, means over rounds: the clock of a thread ticks every 4 ms. */
  readonly planned: number
  readonly published: number
  /** The longest time that the main thread was not free. */
  readonly longestSlice: number
  /** Plan rows that are not the same as another of their service, MiB of the image. */
  readonly rows: number
  readonly mebibytes: number
}

class Bench {
  readonly #world: string
  readonly #definitions: Definitions
  readonly #book: PlanBook
  readonly #layout = new PlanLayout()
  readonly #publisher = new Publisher(0)
  readonly #health = new Map<string, TargetHealth>()
  readonly figures: Figure[] = []
  #mebibytes = 0

  constructor(world: string, { services: count, regions: among, classes: told, steering }: WorldPlan) {
    this.#world = world
    const lonely: Region = {
      ...regions[0]!,
      name: 'lonely',
      balancers: [{ address: parseAddress('192.0.2.99')!, weight: 1 }],
    }
    const own = regions.slice(0, among)
    const services = Array.from({ length: count }, (_, i): Service => ({
      name: `service-${i}`,
      regions: [...own.map(({ name }) => name), ...(i === count / 2 ? ['lonely'] : [])],
      steer: steering(i),
      ...{ ttl: 30, leastTtl: 5, fallback: 'all', panic: 0, families: 'coherent', answers: 'addresses', hints: true },
    }))
    this.#definitions = {
      regions: new Map([...own, lonely].map((region) => [region.name, region])),
      services: new Map(services.map((service) => [service.name, service])),
    }
    const keys = new Set(services.flatMap((service) => askQuestion(service, this.#definitions)?.key ?? []))
    const classes = clients.slice(0, told).map((representative) => ({ representative }))
    let tallies = 0
    this.#book = new PlanBook({
      definitions: this.#definitions,
      clientMaps: [...keys].map((key) => ({ key, classes })),
      preferences: new Map(),
      tallyOf: () => tallies++,
    })
  }

  measure(event: string, turn: (health: Map<string, TargetHealth>) => void): void {
    turn(this.#health)
    const clock = new SliceClock()
    const before = cpuMs()
    this.#book.look(new Map(this.#health), new Map(), [])
    clock.run(this.#book.replan())
    const planned = cpuMs()
    this.#publish(clock)
    this.figures.push({
      ...{ world: this.#world, event, planned: planned - before, published: cpuMs() - planned },
      ...{ longestSlice: clock.longest, rows: this.#rows(), mebibytes: this.#mebibytes },
    })
  }

  #publish(clock: SliceClock): void {
    const input = { settings: SETTINGS, services: this.#book.place(), bindings: [], clientMaps: [0, 0, 0, 0, 0, 0, 0] }
    const placement = this.#layout.place(input)
    const plan = this.#publisher.free('plan', placement.byteLength)!
    clock.run(this.#layout.write(input, placement, plan.buffer))
    const [zones, clientMaps] = [this.#publisher.free('zones', 4)!, this.#publisher.free('clientMaps', 4)!]
    this.#publisher.publish({ zones, clientMaps, plan })
    this.#book.published()
    this.#mebibytes = placement.byteLength / 2 ** 20
  }

  #rows(): number {
    return [...this.#book.plans.values()].reduce((sum, { classes }) => sum + new Set(classes).size, 0)
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How long work would keep the main thread, were it left after each slice. */
class SliceClock {
  longest = 0
  #since = cpuMs()
  /** By the clock on the wall, which is quicker to read, and never ahead of the other. */
  #begun = performance.now()

  run(work: Iterator<void>): void {
    while (!work.next().done) {
      if (performance.now() - this.#begun > SLICE_MS && cpuMs() - this.#since > SLICE_MS) this.#leave()
    }
    this.#leave()
  }

  #leave(): void {
    const now = cpuMs()
    this.longest = Math.max(this.longest, now - this.#since)
    this.#since = cpuMs()
    this.#begun = performance.now()
  }
}

function turnRegion(name: string, state: 'up' | 'down') {
  return (health: Map<string, TargetHealth>): void => {
    const region = name === 'lonely' ? undefined : regions.find((each) => each.name === name)!
    const addresses = region ? region.balancers.map(({ address }) => textOf(address)) : ['192.0.2.99']
    for (const address of addresses)
      health.set(targetId(name, address), { state, reason: state, since: 0, provisional: false })
  }
}

function measureWorld(world: string, plan: WorldPlan): Figure[] {
  const bench = new Bench(world, plan)
  bench.measure('first plan', () => undefined)
  for (let round = 0; round < plan.rounds; round++) {
    const region = `region-${round % plan.regions}`
    bench.measure('a region fails', turnRegion(region, 'down'))
    bench.measure('the region returns', turnRegion(region, 'up'))
    bench.measure('it fails once more', turnRegion(region, 'down'))
    bench.measure('the region returns', turnRegion(region, 'up'))
    bench.measure('one service is touched', turnRegion('lonely', round % 2 === 0 ? 'down' : 'up'))
  }
  return means(bench.figures)
}

function means(figures: readonly Figure[]): Figure[] {
  return [...new Set(figures.map(({ event }) => event))].map((event) => {
    const own = figures.filter((figure) => figure.event === event)
    const mean = (pick: (figure: Figure) => number) => own.map(pick).reduce((a, b) => a + b, 0) / own.length
    return {
      ...own.at(-1)!,
      planned: mean(({ planned }) => planned),
      published: mean(({ published }) => published),
      longestSlice: Math.max(...own.map(({ longestSlice }) => longestSlice)),
    }
  })
}

const only = process.argv.find((word) => word.startsWith('--only='))?.slice(7) ?? ''
const figures = Object.entries(WORLDS)
  .filter(([world]) => world.includes(only))
  .flatMap(([world, plan]) => measureWorld(world, plan))
if (process.argv.includes('--json')) console.log(JSON.stringify(figures, undefined, 2))
else {
  for (const { world, event, planned, published, longestSlice, rows, mebibytes } of figures) {
    const parts = [planned, published, longestSlice].map((ms) => ms.toFixed(2).padStart(9))
    console.log(
      `${world.padEnd(42)}${event.padEnd(24)}${parts.join('')}${String(rows).padStart(9)}${mebibytes.toFixed(1).padStart(8)}`,
    )
  }
  console.log('CPU ms planned, CPU ms laid out and published, longest slice; distinct rows, MiB of the image')
}
