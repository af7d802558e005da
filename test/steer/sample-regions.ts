// The three regions and three clients that steering tests share, and how candidates begin.
import type { Candidate, Client, RegionFacts } from '../../src/steer/steer.ts'

export const facts: ReadonlyMap<string, RegionFacts> = new Map([
  ['us-east', { weight: 5, latitude: 38.9, longitude: -77.4, country: 'US' }],
  ['eu-west', { weight: 3, latitude: 53.3, longitude: -6.3, country: 'IE' }],
  ['ap-south', { weight: 2, latitude: 19.1, longitude: 72.9, country: 'IN' }],
])

export const frankfurt: Client = { latitude: 50.1, longitude: 8.7, country: 'DE' }
export const virginia: Client = { latitude: 37.5, longitude: -77.5, country: 'US' }
export const mumbai: Client = { latitude: 19.1, longitude: 72.9, country: 'IN' }
export const nowhere: Client = {}

/** Candidates as the first step sees them; availability is 1 where none is given. */
export function begin(availability: Readonly<Record<string, number>> = {}): Candidate[] {
  return [...facts.keys()].map((region) => beginOne(region, availability[region] ?? 1))
}

export function beginOne(region: string, availability = 1): Candidate {
  return { region, tier: 0, share: 1, availability, note: availability > 0 ? 'up' : 'down' }
}

/** `us-east:1 eu-west:0`: what a rank step says. */
export function tiers(candidates: readonly Candidate[]): string {
  return candidates.map(({ region, tier }) => `${region}:${tier}`).join(' ')
}

/** Rounded to a billionth, in order. */
export function shares(candidates: readonly Candidate[]): number[] {
  return candidates.map(({ share }) => Math.round(share * 1e9) / 1e9)
}
