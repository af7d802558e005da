// Who asks: networks on three continents, as their resolver tells them (RFC 7871), and how often. Even for faults, where
// each network shall count alike; skewed for forecasts, where a few networks ask most, as on the Internet.
import { seededRandom } from '../../../src/base/random.ts'
import { REGIONS, type LabRegion } from './plan.ts'

export interface Client {
  /** The region nearest to it. */
  readonly home: LabRegion
  readonly network: string
  /** Requests a second. */
  readonly rate: number
}

export type Population = readonly Client[]

const EVEN_NETWORKS = 8
const EVEN_RATE = 2

export const EVEN: Population = REGIONS.flatMap((home) =>
  networksOf(home, EVEN_NETWORKS).map((network) => ({ home, network, rate: EVEN_RATE })),
)

/** By region, in the order of REGIONS: many networks here, few there. */
const SKEWED_NETWORKS = [96, 48, 24]
/** Of all together, a second. */
const SKEWED_RATE = 150

/**
 * The n-th network of all, in an order by chance, asks 1/n as often as the first (Zipf): the first makes a sixth of all
 * requests, and most ask less often than once in a TTL. `seed`: of the order.
 */
export function skewed(seed: number): Population {
  const random = seededRandom(seed)
  const places = REGIONS.flatMap((home, i) =>
    networksOf(home, SKEWED_NETWORKS[i]!).map((network) => ({ home, network })),
  )
  const ranked = places
    .map((place) => ({ place, by: random() }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ place }, i) => ({ ...place, part: 1 / (i + 1) }))
  const whole = ranked.reduce((sum, { part }) => sum + part, 0)
  return ranked.map(({ part, ...place }) => ({ ...place, rate: (SKEWED_RATE * part) / whole }))
}

/** Gaps lie between them, so that no scope covers two and a resolver keeps an answer for each. At most 128. */
function networksOf({ networks }: LabRegion, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${networks}.${i * 2}.0/24`)
}
