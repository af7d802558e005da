// What settling one client comes to: who answers with what share. A plan has a hundred thousand outcomes and few are looked
// into. So an outcome keeps its shares as numbers, equal ones are told by the bits of those, and the members of an answer
// are made when they are asked for. How shares come about is settle.ts.
import type { Verdict } from '../steer/availability.ts'
import type { Shape } from './shape.ts'
import { WHOLE, type Answering } from './survey-choice.ts'
import type { Member } from './tables.ts'

export interface Outcome extends Verdict {
  /** Equal for outcomes with equal slot tables. */
  readonly key: string
  /** How many tiers are reached: what happens in those beyond changes nothing. Infinity when a fallback decides. */
  readonly reached: number
  /** Seconds until one of those who answer could turn; Infinity while none has begun to. */
  readonly turnsIn: number
  /** Seconds for which the addresses of host names are good; Infinity without any. */
  readonly goodFor: number
  readonly cast: Cast
  readonly tiers: Shape['tiers']
  /** Of the positions in `tiers`, one after the other, as far as they are reached; those above 0 sum to 1. */
  readonly shares: readonly number[]
  /** By position: of a service in a region's place. */
  readonly inner: readonly (Outcome | undefined)[]
}

/** Who may answer for one service at one moment, by position: all of its outcomes share it. */
export interface Cast {
  readonly names: readonly string[]
  /** Addresses in one answer. */
  readonly take: number
  /** Of a region, who answers for it; undefined: a service in a region's place. */
  readonly live: readonly (Answering | undefined)[]
  /** The same while a fallback applies. */
  readonly inFallback: readonly (Answering | undefined)[]
  /** An operator is about to take it out. */
  readonly isTurning: readonly boolean[]
}

/** Room to reckon in, for one service: nothing in it outlives an outcome. */
export interface Room {
  /** By position: shares, of those in a tier that is reached. */
  readonly final: Float64Array
  /** By tier. */
  readonly reaching: Float64Array
  /** The bits of a key: how many numbers it has, and two for each member. */
  readonly numbers: Float64Array
  readonly bytes: Buffer
}

export function makeRoom(count: number): Room {
  const numbers = new Float64Array(1 + 2 * count)
  const bytes = Buffer.from(numbers.buffer)
  return { final: new Float64Array(count), reaching: new Float64Array(count), numbers, bytes }
}

/** The outcome of what stands in `room.final`. `inner`: by position, outcomes of services in a region's place. */
export function gather(
  cast: Cast,
  room: Room,
  tiers: Shape['tiers'],
  reached: number,
  inner: readonly (Outcome | undefined)[],
  { healthy, panic }: Verdict,
): Outcome {
  const choices = panic ? cast.inFallback : cast.live
  const total = totalOf(room, tiers, reached)
  const shares: number[] = []
  let noted = 1
  let choice = ''
  let turnsIn = Infinity
  let goodFor = Infinity
  for (let tier = 0; tier < reached; tier++) {
    for (const position of tiers[tier]!) {
      const final = room.final[position]!
      const share = final === 0 ? 0 : final / total
      shares.push(share)
      if (share === 0) continue
      room.numbers[noted++] = share
      room.numbers[noted++] = position * MAX_TIERS + tier
      const one = (inner[position] ?? choices[position])!
      if (one.key !== WHOLE) choice += `${position}[${one.key}]`
      turnsIn = Math.min(turnsIn, cast.isTurning[position] ? 0 : one.turnsIn)
      goodFor = Math.min(goodFor, one.goodFor)
    }
  }
  room.numbers[0] = noted
  const key = room.bytes.toString('latin1', 0, noted * Float64Array.BYTES_PER_ELEMENT) + choice
  return { healthy, panic, key, reached: panic ? Infinity : reached, turnsIn, goodFor, cast, tiers, shares, inner }
}

/** More than any service has. */
const MAX_TIERS = 1 << 16

function totalOf({ final }: Room, tiers: Shape['tiers'], reached: number): number {
  let total = 0
  for (let tier = 0; tier < reached; tier++) for (const position of tiers[tier]!) total += final[position]!
  return total
}

/** Nobody answers. */
export function nobody({ healthy, panic }: Verdict): Outcome {
  const none = { cast: NO_CAST, tiers: [], shares: [], inner: [] }
  return { healthy, panic, key: '', reached: Infinity, turnsIn: Infinity, goodFor: Infinity, ...none }
}

const NO_CAST: Cast = { names: [], take: 1, live: [], inFallback: [], isTurning: [] }

/** One region answers, and nobody else. */
export function oneAlone(name: string, answering: Answering, take: number, { healthy, panic }: Verdict): Outcome {
  const cast = { names: [name], take, live: [answering], inFallback: [answering], isTurning: [false] }
  const { turnsIn, goodFor } = answering
  const alone = { cast, tiers: [[0]], shares: [1], inner: [] }
  return { healthy, panic, key: `${name}[${answering.key}]`, reached: Infinity, turnsIn, goodFor, ...alone }
}

/** Those who answer, in configured order; empty: nobody does. */
export function membersOf(outcome: Outcome): readonly Member[] {
  const { tiers, shares } = outcome
  const seated = tiers.flatMap((tier, i) => tier.map((position) => ({ position, tier: i })))
  return shares
    .map((share, i) => ({ ...seated[i]!, share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => a.position - b.position)
    .map(({ position, tier, share }) => memberOf(outcome, position, { tier, share }))
}

function memberOf(
  { cast, inner, panic }: Outcome,
  position: number,
  part: { readonly tier: number; readonly share: number },
): Member {
  const { names, take, live, inFallback, isTurning } = cast
  const own = { name: names[position]!, ...part, take }
  const within = inner[position]
  if (within) {
    const turnsIn = isTurning[position] ? 0 : within.turnsIn
    return { ...own, balancers: [], unknown: [], turnsIn, goodFor: within.goodFor, members: membersOf(within) }
  }
  const { balancers, unknown, turnsIn, goodFor } = (panic ? inFallback : live)[position]!
  return { ...own, balancers, unknown, turnsIn: isTurning[position] ? 0 : turnsIn, goodFor }
}
