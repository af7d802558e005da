// Why did this client get that answer: the trace of the fold that planned it, and the slots that answer it. Plain data
// that survives JSON; nothing is judged here, so that the explanation cannot differ from the plan. The zone look-up
// before it (name → service) and the client's class are the caller's; the text form is cli/explain.ts.
import { formatAddress, writeWords, type Address } from '../base/address.ts'
import { formatPrefix, maskAddress } from '../base/prefix.ts'
import type { ServiceRows } from '../snapshot/plan-image.ts'
import { pinSlot, type SlotTable } from '../snapshot/slot-table.ts'
import type { TraceEntry } from '../steer/fold.ts'
import type { Client } from '../steer/steer.ts'
import { createPlanner, type ClassPlan, type RegionShare, type World } from './plan.ts'
import type { Service } from './service.ts'

export type ExplainedType = 'A' | 'AAAA'

/** The client on whose behalf is asked. */
export interface ExplainedClient {
  readonly address: Address
  /** Missing: unknown to the geo data, or there is none. */
  readonly location?: Client
  /** Its class in the service's client map; missing when steering ignores the client. */
  readonly class?: number
  /** How it got into that class, for people: `geo data: 203.0.113.0/24, DE`. */
  readonly why: string
}

export interface ExplainRequest {
  /** As asked. */
  readonly name: string
  readonly type: ExplainedType
  readonly client?: ExplainedClient
  /** The ECS scope that an answer to this client carries. */
  readonly scope?: number
}

export interface ExplainedRegion extends Omit<RegionShare, 'balancers'> {
  /** Those of the asked type's family. */
  readonly balancers: readonly ExplainedBalancer[]
}

export interface ExplainedBalancer {
  readonly address: string
  readonly state: string
  readonly reason: string
  /** Configured share of the answers: 0 to 1. */
  readonly share: number
  /** The share that the slots realise. */
  readonly realised: number
}

/** One of the answers that may be given. */
export interface ExplainedAnswer {
  /** Empty: NODATA. */
  readonly addresses: readonly string[]
  readonly slots: number
  /** Its part of the slots: 0 to 1. */
  readonly share: number
}

export interface Explanation {
  readonly name: string
  readonly type: ExplainedType
  readonly service: string
  /** Seconds. */
  readonly ttl: number
  readonly scope?: number
  readonly client?: Omit<ExplainedClient, 'address'> & { readonly address: string }
  /** Each phase and step in the order in which they ran: what it saw and what it left. */
  readonly steps: readonly TraceEntry[]
  readonly fallback: {
    readonly rule: string
    readonly panic: number
    /** The healthy part of the weight: 0 to 1. */
    readonly healthy: number
    readonly engaged: boolean
  }
  readonly regions: readonly ExplainedRegion[]
  /** Of the asked type's table. */
  readonly slots: number
  readonly answers: readonly ExplainedAnswer[]
  /** Of a pinned service and a known client: the slot that is its own, and what stands there. */
  readonly pinned?: { readonly prefix: string; readonly slot: number; readonly answer: readonly string[] }
}

export function explain(request: ExplainRequest, service: Service, world: World): Explanation {
  const { name, type, client, scope } = request
  const planner = createPlanner(service, world)
  const { steering, plan } = planner.planClass(client?.location ?? {})
  const table = type === 'A' ? plan.tables.ipv4 : plan.tables.ipv6
  return {
    name,
    type,
    service: service.name,
    ttl: plan.tables.ttl,
    ...(scope !== undefined && { scope }),
    ...(client && { client: { ...client, address: formatAddress(client.address) } }),
    steps: steering.trace,
    fallback: { rule: service.fallback, panic: service.panic, healthy: plan.healthy, engaged: plan.panic },
    regions: explainRegions(plan, type),
    slots: table.slots.length,
    answers: explainAnswers(table),
    ...(planner.pin && client && { pinned: explainPin(planner.pin, client.address, table) }),
  }
}

function explainRegions({ regions }: ClassPlan, type: ExplainedType): ExplainedRegion[] {
  const family = type === 'A' ? 4 : 6
  return regions.map((region) => ({
    ...region,
    balancers: region.balancers
      .filter(({ address }) => address.family === family)
      .map((balancer) => ({ ...balancer, address: formatAddress(balancer.address) })),
  }))
}

/** The most frequent first. */
function explainAnswers({ answers, slots }: SlotTable): ExplainedAnswer[] {
  const counts = new Uint32Array(answers.length)
  for (const index of slots) counts[index] = counts[index]! + 1
  return answers
    .map((answer, i) => ({
      addresses: answer.map(formatAddress),
      slots: counts[i]!,
      share: counts[i]! / slots.length,
    }))
    .sort((a, b) => b.slots - a.slots)
}

function explainPin(
  pin: NonNullable<ServiceRows['pin']>,
  address: Address,
  { answers, slots }: SlotTable,
): NonNullable<Explanation['pinned']> {
  const bits = address.family === 4 ? pin.ipv4Bits : pin.ipv6Bits
  const slot = pinSlot(writeWords(address), bits, pin.seed) % slots.length
  const prefix = formatPrefix(maskAddress(address, bits))
  return { prefix, slot, answer: answers[slots[slot]!]!.map(formatAddress) }
}
