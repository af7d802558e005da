// ACME challenges (RFC 8555 §8.4): TXT records that come and go without an edit of their zone's file. They are read behind
// the file, as if they stood at its end, and so meet every check that its own records do.
import { formatName, parseName, type Name } from '../dns/name.ts'

export interface Challenge {
  /** With the final dot: `_acme-challenge.www.example.com.`. */
  readonly name: string
  /** The text of the record: base64url. */
  readonly value: string
}

/** The label that begins such a name. */
export const CHALLENGE_LABEL = '_acme-challenge'

/** Seconds. An authority asks several times, and must see the newest. */
const TTL = 1

/** The challenges of each of these zones: of zones within each other, those of the innermost. */
export function assignChallenges(challenges: readonly Challenge[], origins: readonly Name[]): readonly Challenge[][] {
  const suffixes = origins.map((origin) => formatName(origin).toLowerCase())
  const assigned = origins.map((): Challenge[] => [])
  for (const challenge of challenges) {
    const zone = innermostZone(challenge.name, suffixes)
    if (zone >= 0) assigned[zone]!.push(challenge)
  }
  return assigned
}

/** The place of the longest of these origins (with the final dot) that the name lies in; −1: in none. */
export function innermostZone(name: string, origins: readonly string[]): number {
  const within = (origin: string) => origin === '.' || name.toLowerCase().endsWith(`.${origin}`)
  return origins.reduce((best, origin, i) => {
    return within(origin) && (best < 0 || origin.length > origins[best]!.length) ? i : best
  }, -1)
}

/** A zone file with these records at its end. */
export function withChallenges(file: Uint8Array, challenges: readonly Challenge[]): Uint8Array {
  if (challenges.length === 0) return file
  const lines = challenges.map(({ name, value }) => `${name} ${TTL} IN TXT "${value}"\n`)
  return Buffer.concat([file, Buffer.from(`\n${lines.join('')}`)])
}

/** Reads the name of a challenge as anybody may write it; undefined when it is none. */
export function readChallengeName(written: string): string | undefined {
  const name = parseName(written)
  if (typeof name === 'string') return undefined
  const text = formatName(name).toLowerCase()
  return text.startsWith(`${CHALLENGE_LABEL}.`) && text.length > CHALLENGE_LABEL.length + 1 ? text : undefined
}
