// From region shares to slot tables, for A and for AAAA. The region is chosen first: region shares make the order of
// regions, and within a region's own slots its balancers take turns (or, pinned, keep theirs). A region without a
// balancer of the family answers NODATA in its slots, never with another region's address: Happy Eyeballs would send
// the world there.
import { formatAddress, type Address } from '../base/address.ts'
import {
  countSlots,
  interleave,
  pinnedSlots,
  type Answer,
  type Preferences,
  type SlotTable,
} from '../snapshot/slot-table.ts'
import type { Balancer, Service } from './service.ts'

/** A region that takes part in an answer. */
export interface Member {
  readonly region: string
  readonly tier: number
  /** Above 0. All members' shares sum to 1. */
  readonly share: number
  /** Those who answer for it, of both families, each of a weight above 0. */
  readonly balancers: readonly Balancer[]
}

export interface TableOptions {
  /** Addresses in one answer. */
  readonly take: number
  readonly families: Service['families']
  /** Of a pinned service; undefined: a counter walks the slots. */
  readonly preferences: Preferences | undefined
}

/** One balancer's part of a table, or that of a region which has none of the family. */
export interface Seat {
  readonly region: string
  readonly tier: number
  /** Undefined: NODATA. */
  readonly address: Address | undefined
  /** The share that was asked for; those of a table sum to 1. */
  readonly share: number
  /** The slots that it leads; in others it may be taken along. */
  readonly slots: number
}

export interface FamilyTable {
  readonly table: SlotTable
  readonly seats: readonly Seat[]
}

type SeatPlan = Omit<Seat, 'slots'> & { readonly weight: number }

/** A member with its seats in one family. */
interface Bench {
  readonly region: string
  readonly share: number
  /** Slots that it needs in either family to seat everybody. */
  readonly least: number
  readonly seats: readonly SeatPlan[]
}

const NODATA: FamilyTable = { table: { answers: [[]], slots: Uint16Array.of(0) }, seats: [] }

/** The table of one family. Equal members make equal tables. */
export function buildTable(members: readonly Member[], family: 4 | 6, options: TableOptions): FamilyTable {
  const benches = arrange(members, family, options.families)
  const plans = benches.flatMap(({ seats }) => seats)
  if (!plans.some(({ address }) => address)) return NODATA
  const order = options.preferences ? pinOrder(benches, options.preferences) : countedOrder(benches)
  const slots = plans.map(() => 0)
  for (const seat of order) slots[seat] = slots[seat]! + 1
  const seats = plans.map(({ region, tier, address, share }, i) => ({ region, tier, address, share, slots: slots[i]! }))
  return { table: gatherAnswers(order, seats, options.take), seats }
}

function arrange(members: readonly Member[], family: 4 | 6, families: Service['families']): readonly Bench[] {
  const ofFamily = ({ balancers }: Member) => balancers.filter(({ address }) => address.family === family)
  const present = families === 'coherent' ? members : members.filter((member) => ofFamily(member).length > 0)
  const total = present.reduce((sum, { share }) => sum + share, 0)
  return present.map((member) => {
    const share = member.share / total
    const ipv4 = member.balancers.filter(({ address }) => address.family === 4).length
    const least = families === 'coherent' ? Math.max(ipv4, member.balancers.length - ipv4) : ofFamily(member).length
    return { region: member.region, share, least, seats: seatsOf(member, ofFamily(member), share) }
  })
}

function seatsOf({ region, tier }: Member, balancers: readonly Balancer[], share: number): readonly SeatPlan[] {
  if (balancers.length === 0) return [{ region, tier, address: undefined, share, weight: 1 }]
  const total = balancers.reduce((sum, { weight }) => sum + weight, 0)
  return balancers.map(({ address, weight }) => ({ region, tier, address, share: (share * weight) / total, weight }))
}

/** Regions interleaved by their shares, and in each region's slots its balancers by theirs. */
function countedOrder(benches: readonly Bench[]): Uint16Array {
  const counts = countSlots(benches.flatMap(({ seats }) => seats.map(({ share }) => share)))
  const own = splitByBench(benches, counts)
  const regions = interleave(own.map((slots) => slots.reduce((a, b) => a + b, 0)))
  const turns = own.map((slots) => interleave(slots))
  return seatInTurn(benches, regions, (bench, turn) => turns[bench]![turn % turns[bench]!.length]!)
}

function splitByBench(benches: readonly Bench[], counts: readonly number[]): number[][] {
  let at = 0
  return benches.map(({ seats }) => counts.slice(at, (at += seats.length)))
}

/** Regions by rendezvous, alike in both families; in each region's slots its balancers by rendezvous. */
function pinOrder(benches: readonly Bench[], preferences: Preferences): Uint16Array {
  const regions = pinnedSlots(
    preferences,
    benches.map(({ region, share, least }) => ({ name: region, share, least: Math.max(1, least) })),
  )
  const own = Array.from(benches, (): number[] => [])
  for (const [slot, bench] of regions.entries()) own[bench]!.push(slot)
  const turns = benches.map(({ seats, region }, bench) =>
    pinnedSlots(
      preferences,
      seats.map((seat) => ({ name: nameOf(region, seat.address), share: seat.weight, least: 1 })),
      Uint16Array.from(own[bench]!),
    ),
  )
  return seatInTurn(benches, regions, (bench, turn) => turns[bench]![turn]!)
}

function nameOf(region: string, address: Address | undefined): string {
  return address ? `${region}/${formatAddress(address)}` : region
}

/** Turns the order of regions into one of seats, numbered over all benches; `pick` seats a region's n-th turn. */
function seatInTurn(
  benches: readonly Bench[],
  regions: Uint16Array,
  pick: (bench: number, turn: number) => number,
): Uint16Array {
  let seats = 0
  const first = benches.map((bench) => (seats += bench.seats.length) - bench.seats.length)
  const turns = benches.map(() => 0)
  return regions.map((bench) => {
    const turn = turns[bench]!
    turns[bench] = turn + 1
    return first[bench]! + pick(bench, turn)
  })
}

/** The answer of each slot: its own address and those that follow in its tier, up to `take` distinct ones. */
function gatherAnswers(order: Uint16Array, seats: readonly Seat[], take: number): SlotTable {
  const { ids, addresses } = numberAddresses(seats)
  const answers = new Map<string, number>()
  const slots =
    take === 1
      ? order.map((seat) => intern(answers, ids[seat]! < 0 ? [] : [ids[seat]!]))
      : Uint16Array.from(followers(order, seats, ids), (next) => intern(answers, next.slice(0, take)))
  return { answers: [...answers.keys()].map((key) => readAnswer(key, addresses)), slots }
}

/**
 * For each slot its own address and then all others of its tier, in the order in which they come next. Walked backwards
 * for two laps, since what follows the last slot is the first.
 */
function followers(order: Uint16Array, seats: readonly Seat[], ids: readonly number[]): readonly (readonly number[])[] {
  const upcoming = new Map<number, readonly number[]>()
  const found: (readonly number[])[] = []
  for (let step = order.length * 2 - 1; step >= 0; step--) {
    const seat = order[step % order.length]!
    const { tier } = seats[seat]!
    const id = ids[seat]!
    const next = id < 0 ? [] : [id, ...(upcoming.get(tier) ?? []).filter((other) => other !== id)]
    if (id >= 0) upcoming.set(tier, next)
    found[step % order.length] = next
  }
  return found
}

/** Addresses by number, −1 for NODATA: one that stands in two regions is one address in an RRset. */
function numberAddresses(seats: readonly Seat[]): { ids: readonly number[]; addresses: readonly Address[] } {
  const addresses = new Map<string, Address>()
  for (const { address } of seats) if (address) addresses.set(formatAddress(address), address)
  const texts = [...addresses.keys()]
  const ids = seats.map(({ address }) => (address ? texts.indexOf(formatAddress(address)) : -1))
  return { ids, addresses: [...addresses.values()] }
}

function intern(answers: Map<string, number>, ids: number[]): number {
  const key = ids.sort((a, b) => a - b).join(' ')
  const index = answers.get(key) ?? answers.size
  answers.set(key, index)
  return index
}

function readAnswer(key: string, addresses: readonly Address[]): Answer {
  return key === '' ? [] : key.split(' ').map((id) => addresses[Number(id)]!)
}
