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
  #known: readonly Map<string, Tables>[] = [new Map()]
  /** Of the newest plan: by the key of its outcomes, those in a fallback apart. */
  #rows = { usual: new Map<string, ClassPlan>(), panic: new Map<string, ClassPlan>() }

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
    this.#known = [new Map(), ...this.#known.slice(0, REMEMBERED_PLANS - 1)]
    this.#rows = { usual: new Map(), panic: new Map() }
  }

  /** A row of the plan that was begun; the same for equal outcomes. */
  intern(outcomes: Outcomes, moment: Moment): ClassPlan {
    const { ipv4, ipv6 } = outcomes
    if (ipv4 !== ipv6) return this.make(outcomes, moment)
    const rows = ipv4.panic ? this.#rows.panic : this.#rows.usual
    const known = rows.get(ipv4.key)
    if (known) return known
    const row = this.make(outcomes, moment)
    rows.set(ipv4.key, row)
    return row
  }

  /** The row of these outcomes, whatever the plan. */
  make(outcomes: Outcomes, moment: Moment): ClassPlan {
    const { ipv4, ipv6 } = outcomes
    const ttl = ttlOf(this.#service, ipv4, ipv6, moment)
    if (ipv4 === ipv6) return new Row({ ttl, ...this.#tables(ipv4, '') }, outcomes)
    const apart = { ipv4: this.#tables(ipv4, '4').ipv4, ipv6: this.#tables(ipv6, '6').ipv6 }
    return new Row({ ttl, ...apart }, outcomes)
  }

  /** `family`: that which was settled alone, since equal keys do not make its tables those of the other. */
  #tables(outcome: Outcome, family: '' | '4' | '6'): Tables {
    const key = family + outcome.key
    const newest = this.#known[0]!
    for (const known of this.#known) {
      const found = known.get(key)
      if (!found) continue
      if (known !== newest) newest.set(key, found)
      return found
    }
    const { ipv4, ipv6, hints } = buildTables(membersOf(outcome), this.#service, this.#filling)
    const tables = { ipv4: ipv4.table, ipv6: ipv6.table, ...(hints && { hints }) }
    newest.set(key, tables)
    return tables
  }
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
