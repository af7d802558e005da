// The answer of a service: binding → service → client class → slot table → slot → answer. Every policy is this look-up.
import type { AddressWords } from '../base/address.ts'
import { classOf, findClass, scopeOf } from '../snapshot/client-map.ts'
import { answerRecord, COUNT_MASK, slotTable } from '../snapshot/plan-body.ts'
import { bindingRecord, planHeader, serviceRecord } from '../snapshot/plan-image.ts'
import { isInList, prefixList, settingsBlock } from '../snapshot/settings.ts'
import { pinSlot } from '../snapshot/slot-table.ts'
import type { QueryWorker } from './worker.ts'

/**
 * The answer record that a name's service gives for A (family 0) or AAAA (family 1). Raises the message's ECS scope to
 * what the answer depends on, unless it is empty: negative answers have scope 0, for negative caches do not know ECS.
 */
export function steer(worker: QueryWorker, binding: number, family: 0 | 1): number {
  const { snapshot, message } = worker
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
  const pick = row * 2 + family
  const body = planWords[service + serviceRecord.body]!
  const table = body + planWords[body + pick]!
  const slots = planWords[table + slotTable.slots]!
  const pinBits = planWords[service + (client[0] === 4 ? serviceRecord.ipv4Bits : serviceRecord.ipv6Bits)]!
  let slot
  if (pinBits < 0) {
    slot = nextPick(worker, planWords[bound + bindingRecord.picks]! + pick) % slots
  } else {
    slot = pinSlot(client, pinBits, planWords[service + serviceRecord.seed]!) % slots
    if (pinBits > scope) scope = pinBits
  }
  if (ignoresSubnet) scope = 0
  const index = planHalves[(body + planWords[table + slotTable.slotsAt]!) * 2 + slot]!
  const answer = body + planWords[table + slotTable.first + index]!
  const tally = planWords[service + serviceRecord.tallies + planWords[answer + answerRecord.tally]!]!
  worker.tallies[tally]!++
  worker.tally = tally
  if ((planWords[answer + answerRecord.count]! & COUNT_MASK) !== 0 && scope > message.scope) message.scope = scope
  return answer
}

/** The least TTL that a name's service gives, seconds. */
export function leastTtl({ snapshot: { planWords } }: QueryWorker, binding: number): number {
  const bound = planHeader.words + (binding - 1) * bindingRecord.words
  return planWords[planWords[bound + bindingRecord.service]! + serviceRecord.leastTtl]!
}

/** Counts on, so that any run of picks of one (name, class, family) walks its slots in order. */
function nextPick({ picks, pickOffset }: QueryWorker, index: number): number {
  const pick = picks[index]!
  picks[index] = (pick + 1) | 0
  return (pick + pickOffset) >>> 0
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
