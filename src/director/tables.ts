// From shares to slot tables, for A and for AAAA, or for the CNAMEs of a service that answers those. The region is chosen
// first: region shares make the order of regions, and within a region's own slots its balancers take turns (or, pinned, keep
// theirs); a service in a region's place has regions within it, alike. A region without a balancer of the family answers
// NODATA in its slots, never with another region's address: Happy Eyeballs would send the world there.
import { textOf } from './address-text.ts'
import { gatherAnswers, type FamilyTable, type Seat } from './answers.ts'
import type { RowTables } from '../snapshot/plan-body.ts'
import { pinnedSlots, type Preferences } from '../snapshot/pinned-slots.ts'
import { countSlots, interleave, MAX_COUNTED_SLOTS, type Answerable, type SlotTable } from '../snapshot/slot-table.ts'
import { alignHints } from './hint-tables.ts'
import { answersCname, type Service } from './service.ts'
import type { Answering } from './survey-choice.ts'

/** A region, or a service in a region's place, that takes part in an answer. */
export interface Member extends Omit<Answering, 'key' | 'balancers'> {
  readonly name: string
  readonly tier: number
  /** Above 0; those of siblings sum to 1. */
  readonly share: number
  /** Addresses in one answer. */
  readonly take: number
  /** Of a region, those who answer for it, of whatever family, each of a weight above 0. */
  readonly balancers: Answering['balancers']
  /** Of a service in a region's place: who answers for it. */
  readonly members?: readonly Member[]
}

/** How slots are filled: a counter walks them, or a client's prefix picks one. */
export type Filling =
  | { readonly kind: 'counted' }
  | { readonly kind: 'rendezvous'; readonly preferences: Preferences }
  | { readonly kind: 'modulo' }

type Family = Answerable['family']

export interface Tables {
  readonly ipv4: FamilyTable
  readonly ipv6: FamilyTable
  /** What hints are made of, where a pick would not find the same region in both. */
  readonly hints?: RowTables['hints']
}

/** A member with its seats in one family. Seats are numbered over all benches, each bench's one after the other. */
interface Bench {
  readonly path: string
  readonly share: number
  /** Slots that it needs in either family to seat everybody. */
  readonly least: number
  readonly first: number
  readonly seats: readonly SeatPlan[]
  readonly benches: readonly Bench[]
}

type SeatPlan = Seat & { readonly weight: number }

const NODATA: FamilyTable = {
  table: { answers: [[]], slots: Uint16Array.of(0) },
  seats: [],
  order: new Uint16Array(0),
}

/** The tables of A and AAAA, which are one for CNAMEs. Equal members make equal tables. */
export function buildTables(members: readonly Member[], service: Service, filling: Filling): Tables {
  const { families, hints: isHinted } = service
  const known: Known = { pinned: new Map(), turned: [] }
  const build = (family: Family) => buildTable(members, family, families, filling, known)
  if (answersCname(service)) {
    const hosts = build('host')
    return { ipv4: hosts, ipv6: hosts }
  }
  const [ipv4, ipv6] = [build(4), build(6)]
  const isApart = isHinted && filling.kind === 'counted' && families === 'coherent'
  const hints = isApart ? alignHints(ipv4, ipv6) : undefined
  return { ipv4, ipv6, ...(hints && { hints }) }
}

/** What was filled for the other family: coherent ones mostly ask the same again. */
interface Known {
  /** By rivals and their parts: owners of the slots. */
  readonly pinned: Map<string, Uint16Array>
  /** Counted orders, and the benches that take turns in them. */
  readonly turned: { readonly benches: readonly Bench[]; readonly order: Uint16Array }[]
}

function buildTable(
  members: readonly Member[],
  family: Family,
  families: Service['families'],
  filling: Filling,
  known: Known,
): FamilyTable {
  const seats: SeatPlan[] = []
  const benches = arrange(members, { family, families, seats }, { path: '', share: 1, tier: '' })
  if (!seats.some(({ address }) => address)) return NODATA
  const order = fill(benches, seats, filling, known)
  const table = gatherAnswers(order, seats)
  return { table: filling.kind === 'counted' ? table : shrink(table), seats, order }
}

/** A pinned table of one answer is equal whatever its size. */
function shrink(table: SlotTable): SlotTable {
  return table.answers.length === 1 ? { ...table, slots: Uint16Array.of(0) } : table
}

function fill(benches: readonly Bench[], seats: readonly SeatPlan[], filling: Filling, known: Known): Uint16Array {
  switch (filling.kind) {
    case 'counted':
      return turnAll(benches, seats, known)
    case 'rendezvous':
      return pinSeats(benches, { preferences: filling.preferences, pinned: known.pinned }, undefined)
    case 'modulo':
      return foldSeats(benches.flatMap(leavesOf))
  }
}

interface Arrangement {
  readonly family: Family
  readonly families: Service['families']
  /** All seats so far. */
  readonly seats: SeatPlan[]
}

interface Outer {
  readonly path: string
  readonly share: number
  readonly tier: string
}

function arrange(members: readonly Member[], into: Arrangement, outer: Outer): readonly Bench[] {
  const present = into.families === 'coherent' ? members : members.filter((member) => hasFamily(member, into.family))
  const total = present.reduce((sum, { share }) => sum + share, 0)
  return present.map((member) => arrangeMember(member, member.share / total, into, outer))
}

function hasFamily({ balancers, unknown, members = [] }: Member, family: Family): boolean {
  const isKnown = balancers.some(({ address }) => address.family === family)
  return isKnown || unknown.some((each) => each === family) || members.some((one) => hasFamily(one, family))
}

function arrangeMember(member: Member, share: number, into: Arrangement, outer: Outer): Bench {
  const path = outer.path === '' ? member.name : `${outer.path}/${member.name}`
  const within = { path, share: outer.share * share, tier: `${outer.tier} ${member.tier}` }
  const first = into.seats.length
  if (member.members && member.members.length > 0) {
    const benches = arrange(member.members, into, within)
    const least = benches.reduce((sum, bench) => sum + bench.least, 0)
    return { path, share, least, first, seats: into.seats.slice(first), benches }
  }
  const own = ofFamily(member, into.family)
  into.seats.push(...seatsOf(member, own, into.family, within))
  const rivals =
    into.families === 'coherent' && into.family !== 'host' ? ofFamily(member, into.family === 4 ? 6 : 4) : []
  const least = Math.max(1, own.length, rivals.length)
  return { path, share, least, first, seats: into.seats.slice(first), benches: [] }
}

function ofFamily({ balancers }: Member, family: Family): Member['balancers'] {
  return balancers.filter(({ address }) => address.family === family)
}

/** A host name that could not be resolved is no NODATA: that would be believed. */
function seatsOf(
  { take, unknown }: Member,
  balancers: Member['balancers'],
  family: Family,
  within: Outer,
): readonly SeatPlan[] {
  if (balancers.length === 0) {
    const address = unknown.some((each) => each === family) ? 'servfail' : undefined
    return [{ ...within, take, address, weight: 1 }]
  }
  const total = balancers.reduce((sum, { weight }) => sum + weight, 0)
  return balancers.map(({ address, weight, isStale = false }) => ({
    ...within,
    take,
    address,
    isStale,
    share: (within.share * weight) / total,
    weight,
  }))
}

function leavesOf(bench: Bench): readonly Bench[] {
  return bench.benches.length === 0 ? [bench] : bench.benches.flatMap(leavesOf)
}

function turnAll(benches: readonly Bench[], seats: readonly SeatPlan[], { turned }: Known): Uint16Array {
  const before = turned.find((other) => areAlike(benches, other.benches))
  if (before) return before.order
  const order = turnSeats(benches, countSlots(seats.map(({ share }) => share)))
  turned.push({ benches, order })
  return order
}

/** Whether the same order of slots does for both. */
function areAlike(benches: readonly Bench[], others: readonly Bench[]): boolean {
  return benches.length === others.length && benches.every((bench, i) => isAlike(bench, others[i]!))
}

function isAlike(bench: Bench, other: Bench): boolean {
  const { seats, benches } = bench
  if (seats.length !== other.seats.length || !areAlike(benches, other.benches)) return false
  return seats.every(({ share }, i) => share === other.seats[i]!.share)
}

/** Benches interleaved by their slots, and in the slots of each those within it. `counts` are slots by seat. */
function turnSeats(benches: readonly Bench[], counts: readonly number[]): Uint16Array {
  if (benches.every(({ seats }) => seats.length === 1)) {
    return seatFirst(interleave(benches.map(({ first }) => counts[first]!)), benches)
  }
  const sequences = benches.map((bench) =>
    bench.benches.length > 0 ? turnSeats(bench.benches, counts) : turnBalancers(bench, counts),
  )
  if (sequences.length === 1) return sequences[0]!
  const turns = new Uint16Array(benches.length)
  const order = interleave(sequences.map(({ length }) => length))
  const seated = new Uint16Array(order.length)
  for (let slot = 0; slot < order.length; slot++) {
    const bench = order[slot]!
    seated[slot] = sequences[bench]![turns[bench]!++]!
  }
  return seated
}

function turnBalancers({ first, seats }: Bench, counts: readonly number[]): Uint16Array {
  const own = counts.slice(first, first + seats.length)
  return interleave(own).map((seat) => first + seat)
}

interface Pinning {
  readonly preferences: Preferences
  /** By rivals and their parts: owners of the slots. */
  readonly pinned: Map<string, Uint16Array>
}

/** Benches by rendezvous, alike in both families; in the slots of each those within it, and in a region's its balancers. */
function pinSeats(benches: readonly Bench[], pinning: Pinning, slots: Uint16Array | undefined): Uint16Array {
  const owners = slots ? pinBenches(benches, pinning, slots) : pinAll(benches, pinning)
  if (benches.every(({ seats }) => seats.length === 1)) return seatFirst(owners, benches)
  return seatWithin(owners, slots, benches.length, (bench, own) => {
    const { benches: inner, first, seats } = benches[bench]!
    if (inner.length > 0) return pinSeats(inner, pinning, own)
    const balancers = seats.map(({ path, address, weight }) => ({
      name: nameOf(path, address),
      share: weight,
      least: 1,
    }))
    return pinnedSlots(pinning.preferences, balancers, own).map((seat) => first + seat)
  })
}

/** Owners are benches of one seat each. */
function seatFirst(owners: Uint16Array, benches: readonly Bench[]): Uint16Array {
  const first = Uint16Array.from(benches, (bench) => bench.first)
  if (first.every((seat, bench) => seat === bench)) return owners
  const seated = new Uint16Array(owners.length)
  for (let slot = 0; slot < owners.length; slot++) seated[slot] = first[owners[slot]!]!
  return seated
}

function pinAll(benches: readonly Bench[], pinning: Pinning): Uint16Array {
  const key = benches.map(({ path, share, least }) => `${path} ${share} ${least}`).join()
  const owners = pinning.pinned.get(key) ?? pinBenches(benches, pinning, undefined)
  pinning.pinned.set(key, owners)
  return owners
}

function pinBenches(benches: readonly Bench[], { preferences }: Pinning, slots: Uint16Array | undefined): Uint16Array {
  const rivals = benches.map(({ path, share, least }) => ({ name: path, share, least }))
  return pinnedSlots(preferences, rivals, slots)
}

function nameOf(path: string, address: Seat['address']): string {
  return typeof address === 'object' ? `${path}/${textOf(address)}` : path
}

/** Each owner's slots seated by `seat`, put back into the order of all slots (every slot of a table by default). */
function seatWithin(
  owners: Uint16Array,
  slots: Uint16Array | undefined,
  count: number,
  seat: (owner: number, own: Uint16Array) => Uint16Array,
): Uint16Array {
  const places = Array.from({ length: count }, (): number[] => [])
  for (const [place, owner] of owners.entries()) places[owner]!.push(place)
  const seated = new Uint16Array(owners.length)
  for (const [owner, own] of places.entries()) {
    if (own.length === 0) continue
    const found = seat(
      owner,
      Uint16Array.from(own, (place) => slots?.[place] ?? place),
    )
    for (const [i, place] of own.entries()) seated[place] = found[i]!
  }
  return seated
}

/**
 * The textbook's modulo: regions in configured order, as many slots for each as its share asks, and then laps of the
 * same regions in which their balancers take turns; so that A and AAAA of one client always come from the same region.
 */
function foldSeats(regions: readonly Bench[]): Uint16Array {
  const inner = regions.map(({ first, seats }) =>
    interleave(countSlots(seats.map(({ weight }) => weight))).map((seat) => first + seat),
  )
  const counts = countSlots(regions.map(({ seats }) => seats.reduce((sum, { share }) => sum + share, 0)))
  const lap = counts.flatMap((count, region) => Array.from({ length: count }, (_, turn) => ({ region, turn })))
  const exact = inner.reduce(
    (laps, seats, i) => leastMultiple(laps, seats.length / divisor(seats.length, counts[i]!)),
    1,
  )
  const laps = Math.max(1, Math.min(exact, Math.floor(MAX_COUNTED_SLOTS / lap.length)))
  return Uint16Array.from({ length: laps * lap.length }, (_, slot) => {
    const { region, turn } = lap[slot % lap.length]!
    const seats = inner[region]!
    return seats[(Math.floor(slot / lap.length) * counts[region]! + turn) % seats.length]!
  })
}

function leastMultiple(a: number, b: number): number {
  return (a / divisor(a, b)) * b
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}
