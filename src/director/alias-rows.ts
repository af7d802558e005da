// ALIAS names in a plan: each target with its TTL is a service of one row, whose one slot holds all addresses of a family.
import type { RowTables } from '../snapshot/plan-body.ts'
import type { ServiceRows } from '../snapshot/plan-image.ts'
import type { SlotTable } from '../snapshot/slot-table.ts'
import type { Binding } from '../snapshot/zone-image.ts'
import { aliasOf } from '../zone/alias.ts'
import { formatAddress } from '../base/address.ts'
import type { FamilyAnswer } from './alias-state.ts'
import type { AliasAnswer, AliasAnswers } from './aliases.ts'

export function aliasTargets(bindings: readonly Binding[]): Set<string> {
  return new Set(bindings.flatMap(({ service }) => aliasOf(service)?.target ?? []))
}

/** The rows of every ALIAS that is bound, each service once. */
export function planAliases(bindings: readonly Binding[], answers: AliasAnswers): readonly ServiceRows[] {
  const services = new Set(bindings.map(({ service }) => service))
  return [...services].flatMap((name) => {
    const alias = aliasOf(name)
    if (!alias) return []
    const row = rowOf(answers(alias.target), alias.ttl)
    return [{ name, clientMap: -1, pin: undefined, rows: [row], leastTtl: row.ttl }]
  })
}

/** One TTL for both families: no longer than the target's was when it was resolved, nor than the ALIAS record's. */
function rowOf({ ipv4, ipv6 }: AliasAnswer, ttl: number): RowTables {
  const known = [ipv4, ipv6].flatMap((answer) => (answer === 'servfail' ? [] : answer.ttl))
  return { ttl: Math.min(ttl, ...known), ipv4: tableOf(ipv4), ipv6: tableOf(ipv6) }
}

function tableOf(answer: FamilyAnswer): SlotTable {
  if (answer === 'servfail') return { answers: [answer], slots: Uint16Array.of(0) }
  const table = { answers: [answer.addresses], slots: Uint16Array.of(0) }
  return answer.isStale ? { ...table, stale: new Set([0]) } : table
}

/** What an ALIAS is and answers, in words. */
export function describeAlias(target: string, answer: AliasAnswer): string {
  return `an ALIAS of ${target}, which ${describeTarget(answer)}`
}

/** What a target answers, in words. */
export function describeTarget({ ipv4, ipv6 }: AliasAnswer): string {
  const words = [ipv4, ipv6].map((answer, i) => `${i === 0 ? 'A' : 'AAAA'} ${describeFamily(answer)}`)
  return `answers ${words.join(' and ')}`
}

function describeFamily(answer: FamilyAnswer): string {
  if (answer === 'servfail') return 'SERVFAIL, for it is not resolved'
  const addresses = answer.addresses.map(formatAddress).join(', ')
  return `${addresses || 'NODATA'}${answer.isStale ? ' (its last answer; resolving fails)' : ''}`
}
