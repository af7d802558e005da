// What the hints of HTTPS and SVCB records are made of, where a counter walks: two tables of the same regions, slot by slot,
// so that both hints of one answer are of one region. Tables of A and AAAA are so as long as they are exact (regions follow
// each other in the same laps, however many balancers each has), and where clients are pinned (one slot means one region in
// both). What is made here is for the others: shares that no table of 1,024 slots gives exactly.
import type { RowTables } from '../snapshot/plan-body.ts'
import { MAX_COUNTED_SLOTS, type SlotTable } from '../snapshot/slot-table.ts'
import { gatherAnswers, type FamilyTable } from './answers.ts'

/** Tables for hints out of those of A and AAAA; undefined when those will do. */
export function alignHints(ipv4: FamilyTable, ipv6: FamilyTable): RowTables['hints'] {
  if ((isExact(ipv4) && isExact(ipv6)) || haveSameSeats(ipv4, ipv6)) return undefined
  if (ipv4.seats.length === 0 || ipv6.seats.length === 0) return undefined
  const { seats, order } = ipv4.order.length < ipv6.order.length ? ipv6 : ipv4
  const regions = Array.from(order, (seat) => seats[seat]!.path)
  return { ipv4: seatAgain(ipv4, regions), ipv6: seatAgain(ipv6, regions) }
}

/** Smaller tables are exact: that is why they are small. */
function isExact({ order }: FamilyTable): boolean {
  return order.length < MAX_COUNTED_SLOTS
}

/** Equal seats are seated equally. */
function haveSameSeats({ seats: four }: FamilyTable, { seats: six }: FamilyTable): boolean {
  return (
    four.length === six.length && four.every(({ path, share }, i) => path === six[i]!.path && share === six[i]!.share)
  )
}

/** By region: its seats in the order of its slots. */
function turnsOf({ seats, order }: FamilyTable): ReadonlyMap<string, readonly number[]> {
  const turns = new Map<string, number[]>()
  for (const seat of order) {
    const { path } = seats[seat]!
    const own = turns.get(path)
    if (own) own.push(seat)
    else turns.set(path, [seat])
  }
  return turns
}

/** The table with the regions in that order of slots, each region's seats taking turns in it as they did. */
function seatAgain(table: FamilyTable, regions: readonly string[]): SlotTable {
  const turns = turnsOf(table)
  const next = new Map<string, number>()
  const order = Uint16Array.from(regions, (region) => {
    const turn = next.get(region) ?? 0
    next.set(region, turn + 1)
    const own = turns.get(region)!
    return own[turn % own.length]!
  })
  return gatherAnswers(order, table.seats)
}
