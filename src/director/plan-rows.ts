// The rows of a service's plan: outcomes made into slot tables with their TTLs. Equal outcomes are one row, and tables of the
// last few plans are remembered, since health often returns to where it was. Which rows an event touches is plan.ts.
import type { RowTables } from '../snapshot/plan-body.ts'
import { answersCname, type Service } from './service.ts'
import type { Moment } from './settle.ts'
import { membersOf, type Outcome } from './settle-outcome.ts'
import { buildTables, type Filling, type Member } from './tables.ts'

/** Who answers one client class. Classes with equal outcomes are the same object. */
export interface ClassPlan {
  readonly tables: RowTables
  /** Those who answer; their shares sum to 1. Empty: nobody does. Where families are independent, those of IPv4, if any. */
  readonly members: readonly Member[]
  /** True: the service's fallback applies. */
  readonly panic: boolean
}

/** How one client class is answered in each family; the same outcome where families are coherent. */
export interface Outcomes {
  readonly ipv4: Outcome
  readonly ipv6: Outcome
}

/** Members are made when they are asked for: a plan has a hundred thousand rows, and people look at few. */
class Row implements ClassPlan {
  readonly tables: RowTables
  readonly #outcomes: Outcomes

  constructor(tables: RowTables, outcomes: Outcomes) {
    this.tables = tables
    this.#outcomes = outcomes
  }

  get members(): readonly Member[] {
    const { ipv4, ipv6 } = this.#outcomes
    const own = membersOf(ipv4)
    return own.length > 0 ? own : membersOf(ipv6)
  }

  get panic(): boolean {
    return this.#outcomes.ipv4.panic || this.#outcomes.ipv6.panic
  }
}

type Tables = Omit<RowTables, 'ttl'>

/** Two plans back. */
const REMEMBERED_PLANS = 3

export class PlanRows {
  readonly #service: Service
  readonly #filling: Filling
  /** By the outcome's key; the newest plan first. */
  #known: readonly Map<string, Known>[] = [new Map()]

  constructor(service: Service, filling: Filling) {
    this.#service = service
    this.#filling = filling
  }

  /** Pinned tables take a tenth of a millisecond. */
  get isSlow(): boolean {
    return this.#filling.kind === 'rendezvous'
  }

  /** A new plan begins. */
  begin(): void {
    for (const known of this.#known[0]!.values()) known.row = undefined
    this.#known = [new Map(), ...this.#known.slice(0, REMEMBERED_PLANS - 1)]
  }

  /** A row of the plan that was begun; the same for equal outcomes. */
  intern(outcomes: Outcomes, moment: Moment): ClassPlan {
    const { ipv4, ipv6 } = outcomes
    if (ipv4 !== ipv6) return this.make(outcomes, moment)
    const known = this.#know(ipv4, '')
    if (known.row?.panic !== ipv4.panic) known.row = rowOf(outcomes, this.#ttlOf(outcomes, moment), known.tables)
    return known.row
  }

  /** The row of these outcomes, whatever the plan. */
  make(outcomes: Outcomes, moment: Moment): ClassPlan {
    const { ipv4, ipv6 } = outcomes
    const ttl = this.#ttlOf(outcomes, moment)
    if (ipv4 === ipv6) return rowOf(outcomes, ttl, this.#know(ipv4, '').tables)
    const [four, six] = [this.#know(ipv4, '4'), this.#know(ipv6, '6')]
    return rowOf(outcomes, ttl, { ipv4: four.tables.ipv4, ipv6: six.tables.ipv6 })
  }

  /** `family`: that which was settled alone, since equal keys do not make its tables those of the other. */
  #know(outcome: Outcome, family: '' | '4' | '6'): Known {
    const key = family + outcome.key
    const newest = this.#known[0]!
    const known = newest.get(key)
    if (known) return known
    const before = this.#known.find((plan) => plan.has(key))?.get(key)
    const fresh = { tables: before?.tables ?? this.#build(outcome), row: undefined }
    newest.set(key, fresh)
    return fresh
  }

  #build(outcome: Outcome): Tables {
    const { ipv4, ipv6, hints } = buildTables(membersOf(outcome), this.#service, this.#filling)
    return { ipv4: ipv4.table, ipv6: ipv6.table, ...(hints && { hints }) }
  }

  #ttlOf({ ipv4, ipv6 }: Outcomes, moment: Moment): number {
    return ttlOf(this.#service, ipv4, ipv6, moment)
  }
}

/** What is made of equal outcomes in one plan. */
interface Known {
  readonly tables: Tables
  /** Of both families, while their outcome is the same. */
  row: ClassPlan | undefined
}

function rowOf(outcomes: Outcomes, ttl: number, { ipv4, ipv6, hints }: Tables): ClassPlan {
  return new Row(hints ? { ttl, ipv4, ipv6, hints } : { ttl, ipv4, ipv6 }, outcomes)
}

/**
 * The TTL follows health: while a balancer in the answer could turn, an answer is good for no longer than that takes, so
 * that clients hear of the turn soon. One for both families; the service's own while many regions fail at once. Addresses
 * of host names are good for no longer than the host name's own TTL.
 */
function ttlOf(service: Service, ipv4: Outcome, ipv6: Outcome, { manyFail }: Moment): number {
  const { ttl, leastTtl } = service
  const turnsIn = manyFail ? Infinity : Math.min(ipv4.turnsIn, ipv6.turnsIn)
  const goodFor = answersCname(service) ? Infinity : Math.min(ipv4.goodFor, ipv6.goodFor)
  const soonest = Math.min(turnsIn, goodFor)
  return soonest === Infinity ? ttl : Math.min(ttl, Math.max(leastTtl, Math.ceil(soonest)))
}
