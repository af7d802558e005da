// The world that planning tests share: three regions, and services over them.
import { parseAddress, type Address } from '../../src/base/address.ts'
import { textOf } from '../../src/director/address-text.ts'
import type { World } from '../../src/director/plan.ts'
import { targetId, type Region, type Service } from '../../src/director/service.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import type { Answer, SlotTable, Unknown } from '../../src/snapshot/slot-table.ts'
import type { StepConfig } from '../../src/steer/steer.ts'

export const NEAREST: StepConfig = { step: 'nearest', depth: 3, within: 0, bias: {} }
export const WEIGHTED: StepConfig = { step: 'weighted', weights: {} }
export const PIN: StepConfig = { step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }

export const frankfurt = { latitude: 50.1, longitude: 8.7 }
export const virginia = { latitude: 37.5, longitude: -77.5 }
export const mumbai = { latitude: 19.1, longitude: 72.9 }

export function address(text: string): Address {
  const parsed = parseAddress(text)
  if (!parsed) throw new Error(`no address: ${text}`)
  return parsed
}

/** A region whose balancers are given as `address` or `address*weight`. */
export function region(name: string, weight: number, balancers: readonly string[], more: Partial<Region> = {}): Region {
  return {
    name,
    weight,
    minHealthy: 1,
    balancers: balancers.map((text) => {
      const [host = '', own = '1'] = text.split('*')
      return { address: address(host), weight: Number(own) }
    }),
    ...more,
  }
}

export const usEast = region('us-east', 5, ['198.51.100.10', '2001:db8:1::10'], { latitude: 38.9, longitude: -77.4 })
export const euWest = region('eu-west', 3, ['198.51.100.20'], { latitude: 53.3, longitude: -6.3 })
export const apSouth = region('ap-south', 2, ['198.51.100.30'], { latitude: 19.1, longitude: 72.9 })

export function service(steer: readonly StepConfig[], more: Partial<Service> = {}): Service {
  return {
    name: 'web',
    regions: ['us-east', 'eu-west', 'ap-south'],
    steer,
    ttl: 30,
    leastTtl: 5,
    fallback: 'all',
    panic: 0,
    families: 'coherent',
    answers: 'addresses',
    hints: true,
    ...more,
  }
}

/** The regions, with the balancers whose `region/address` is listed down. */
export function world(
  down: readonly string[] = [],
  regions: readonly Region[] = [usEast, euWest, apSouth],
  services: readonly Service[] = [],
): World {
  const health = new Map<string, TargetHealth>()
  for (const { name, balancers } of regions) {
    for (const balancer of balancers) {
      const id = targetId(name, textOf(balancer.address))
      const isDown = down.includes(id)
      health.set(id, { state: isDown ? 'down' : 'up', reason: isDown ? '503' : '200', since: 0, provisional: false })
    }
  }
  return {
    regions: new Map(regions.map((each) => [each.name, each])),
    services: new Map(services.map((each) => [each.name, each])),
    health,
    preferences: new Map(),
  }
}

export const ALL_DOWN = [
  'us-east/198.51.100.10',
  'us-east/2001:db8:1::10',
  'eu-west/198.51.100.20',
  'ap-south/198.51.100.30',
]

export function text(answer: Answer | Unknown): string {
  if (answer === 'servfail') return 'SERVFAIL'
  return answer.length === 0 ? 'NODATA' : answer.map(textOf).join(' ')
}

/** The answers slot by slot. */
export function walk({ answers, slots }: SlotTable): string[] {
  return Array.from(slots, (index) => text(answers[index]!))
}

/** `{ '198.51.100.10': 5, … }`: slots by answer. */
export function count(table: SlotTable): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const answer of walk(table)) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}
