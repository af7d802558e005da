// The answer of a service: binding → service → client class → slot table → slot → answer. Every policy is this look-up.
import type { AddressWords } from '../base/address.ts'
import { TYPE } from '../dns/types.ts'
import { classOf, findClass, scopeOf } from '../snapshot/client-map.ts'
import { answerRecord, COUNT_MASK, rowTable, slotTable } from '../snapshot/plan-body.ts'
import { ANSWERS, bindingRecord, PICKS, planHeader, serviceRecord } from '../snapshot/plan-image.ts'
import { isInList, prefixList, settingsBlock } from '../snapshot/settings.ts'
import { pinSlot } from '../snapshot/slot-table.ts'
import type { QueryWorker } from './worker.ts'

/** Of `PICKS`: which counter a type has to itself, and at once which table of a row A and AAAA are answered from. */
export const PICK = { a: rowTable.ipv4, aaaa: rowTable.ipv6, other: 2 } as const

/**
 * The answer record that a name's service gives for a type, by its `PICK`. Raises the message's ECS scope to what the
 * answer depends on, unless it is empty: negative answers have scope 0, for negative caches do not know ECS.
 */
export function steer(worker: QueryWorker, binding: number, pick: number): number {
  const { snapshot, message, place } = worker
  const { planWords, planHalves, mapWords } = snapshot
  const bound = planHeader.words + (binding - 1) * bindingRecord.words
  const service = planWords[bound + bindingRecord.service]!
  const ignoresSubnet = planWords[service + serviceRecord.ignoresSubnet]! !== 0
  const client = ignoresSubnet && worker.query.options.subnetSteers ? worker.sender : worker.client
  const map = planWords[service + serviceRecord.clientMap]!
  let scope = 0
  let row = 0
  if (map >= 0) {
    const found = findClass(mapWords, map, client)
    row = classOf(found)
    scope = scopeOf(found)
  }
  const body = planWords[service + serviceRecord.body]!
  const rowAt = body + row * rowTable.words
  const table = body + planWords[rowAt + pick]!
  const slots = planWords[table + slotTable.slots]!
  const pinBits = planWords[service + (client[0] === 4 ? serviceRecord.ipv4Bits : serviceRecord.ipv6Bits)]!
  let drawn
  if (pinBits < 0) {
    drawn = nextPick(worker, planWords[bound + bindingRecord.picks]! + row * PICKS + pick)
  } else {
    drawn = pinSlot(client, pinBits, planWords[service + serviceRecord.seed]!)
    if (pinBits > scope) scope = pinBits
  }
  if (ignoresSubnet) scope = 0
  // For hints alone: remembered for all, it costs a weighted answer 2 % (test/bench/respond.ts).
  if (pick === PICK.other) {
    place.service = service
    place.body = body
    place.row = rowAt
    place.drawn = drawn
    place.scope = scope
  }
  const slot = (drawn >>> 0) % slots
  const index = planHalves[(body + planWords[table + slotTable.slotsAt]!) * 2 + slot]!
  const answer = body + planWords[table + slotTable.first + index]!
  const tally = planWords[service + serviceRecord.tallies + planWords[answer + answerRecord.tally]!]!
  worker.tallies[tally]!++
  worker.tally = tally
  if ((planWords[answer + answerRecord.count]! & COUNT_MASK) !== 0 && scope > message.scope) message.scope = scope
  return answer
}

/** The answer record of another table of the same row, for the number that was drawn last: of the same region, in hints. */
export function steerBeside({ snapshot, place }: QueryWorker, which: number): number {
  const { planWords, planHalves } = snapshot
  const { body, row, drawn } = place
  const table = body + planWords[row + which]!
  const slot = (drawn >>> 0) % planWords[table + slotTable.slots]!
  const index = planHalves[(body + planWords[table + slotTable.slotsAt]!) * 2 + slot]!
  return body + planWords[table + slotTable.first + index]!
}

/** Counts the answer at hand for the region of another answer record of the same row. */
export function tallyAnew(worker: QueryWorker, answer: number): void {
  const { planWords } = worker.snapshot
  const tally = planWords[worker.place.service + serviceRecord.tallies + planWords[answer + answerRecord.tally]!]!
  worker.tallies[worker.tally]!--
  worker.tallies[tally]!++
  worker.tally = tally
}

/** Counts on, so that any run of picks of one (name, class, type) walks its slots in order. Unsigned, in a signed word. */
function nextPick({ picks, pickOffset }: QueryWorker, index: number): number {
  const pick = picks[index]!
  picks[index] = (pick + 1) | 0
  return (pick + pickOffset) | 0
}

/** The least TTL that a name's service gives, seconds. */
export function leastTtl({ snapshot: { planWords } }: QueryWorker, binding: number): number {
  return planWords[serviceOf(planWords, binding) + serviceRecord.leastTtl]!
}

/** The `PICK` of a type that the name's service answers; −1 when others of the name's records do. */
export function pickOf({ snapshot: { planWords } }: QueryWorker, binding: number, type: number): number {
  if (type === TYPE.A || type === TYPE.ANY) return PICK.a
  if (type === TYPE.AAAA) return PICK.aaaa
  return planWords[serviceOf(planWords, binding) + serviceRecord.answers] === ANSWERS.cname ? PICK.other : -1
}

export function serviceOf(planWords: Int32Array, binding: number): number {
  return planWords[planHeader.words + (binding - 1) * bindingRecord.words + bindingRecord.service]!
}

/** Chooses the address that steers: the client subnet where one is given and believed, else the sender (RFC 7871 §7.2.1). */
export function chooseClient(worker: QueryWorker, sender: AddressWords): void {
  const { options } = worker.query
  options.subnetSteers = options.hasSubnet && options.subnetSource > 0 && isTrusted(worker, sender)
  copyAddress(worker.client, options.subnetSteers ? options.subnet : sender)
  if (options.subnetSteers) copyAddress(worker.sender, sender)
}

/** Copied, for a reference kept in an object costs a write barrier (weighted: 2 % more, test/bench/respond.ts). */
function copyAddress(to: Int32Array, from: AddressWords): void {
  for (let i = 0; i < 5; i++) to[i] = from[i]!
}

function isTrusted({ snapshot: { planWords } }: QueryWorker, sender: AddressWords): boolean {
  const list = planWords[planHeader.settings]! + settingsBlock.trusted
  return planWords[list + prefixList.count]! < 0 || isInList(planWords, list, sender)
}

/**
 * SOURCE 0 asks for an answer that depends on no client (RFC 7871 §7.1.2), and who is not believed gets one: it is steered by
 * the resolver, for all.
 */
export function settleScope({ query, message }: QueryWorker): void {
  if (!query.options.subnetSteers) message.scope = 0
}
