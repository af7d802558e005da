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
  const answer = answerAt(worker, pick, draw(worker, binding, pick))
  const { snapshot, message, place } = worker
  const count = snapshot.planWords[answer + answerRecord.count]! & COUNT_MASK
  tally(worker, answer)
  if (count !== 0 && place.scope > message.scope) message.scope = place.scope
  return answer
}

/**
 * Finds the client's place and draws the number whose remainder is its slot: a counter's next, or the client's own. The
 * client of a service that ignores client subnets is the sender, and its scope is 0.
 */
export function draw(worker: QueryWorker, binding: number, pick: number): number {
  const { snapshot, place, picks, pickOffset } = worker
  const { planWords, mapWords } = snapshot
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
  place.service = service
  place.body = body
  place.row = body + row * rowTable.words
  const pinBits = planWords[service + (client[0] === 4 ? serviceRecord.ipv4Bits : serviceRecord.ipv6Bits)]!
  place.scope = ignoresSubnet ? 0 : pinBits > scope ? pinBits : scope
  if (pinBits >= 0) return pinSlot(client, pinBits, planWords[service + serviceRecord.seed]!)
  // Counts on, so that any run of picks of one (name, class, type) walks its slots in order.
  const index = planWords[bound + bindingRecord.picks]! + row * PICKS + pick
  const next = picks[index]!
  picks[index] = (next + 1) | 0
  return (next + pickOffset) >>> 0
}

/** The answer record that a table of the client's row has for a number that was drawn. */
export function answerAt({ snapshot, place }: QueryWorker, which: number, drawn: number): number {
  const { planWords, planHalves } = snapshot
  const { body, row } = place
  const table = body + planWords[row + which]!
  const slot = drawn % planWords[table + slotTable.slots]!
  const index = planHalves[(body + planWords[table + slotTable.slotsAt]!) * 2 + slot]!
  return body + planWords[table + slotTable.first + index]!
}

/** Counts an answer for its region. */
export function tally(worker: QueryWorker, answer: number): void {
  const { planWords } = worker.snapshot
  const tally = planWords[worker.place.service + serviceRecord.tallies + planWords[answer + answerRecord.tally]!]!
  worker.tallies[tally]!++
  worker.tally = tally
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
