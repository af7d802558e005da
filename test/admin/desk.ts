// The part of the HTTP API that operators use, over a made-up desk that remembers, for tests without a director.
import type { AuditEntry } from '../../src/admin/audit.ts'
import type { NumberedEvent } from '../../src/admin/events.ts'
import type { Operating } from '../../src/admin/operating.ts'
import type { Forecast } from '../../src/admin/plan.ts'
import type { NewOverride, OverrideView } from '../../src/admin/overrides.ts'
import { createRoutes, type AdminSources } from '../../src/admin/routes.ts'
import type { Actor, Role } from '../../src/admin/tokens.ts'
import { SAMPLE_STATUS } from './sample-status.ts'

const AT = '2026-01-02T03:04:05.000Z'

export function viewOf(wanted: NewOverride, id = 'one', owner = 'local'): OverrideView {
  const { kind, target, reason, rampMs = 0 } = wanted
  return { id, kind, target, reason, owner, rampMs, createdAt: AT, startsAt: AT, state: 'in-force', strength: 1 }
}

const FORECAST: Forecast = { moved: 0, isMeasured: false, services: [], regions: [], rules: [] }

const gone = { problem: { status: 404, code: 'no-such-override', detail: 'there is none' } } as const

export class Desk {
  overrides: OverrideView[] = []
  events: NumberedEvent[] = []
  readonly entries: AuditEntry[] = []
  /** Set: tokens are needed, and these are they. */
  tokens: Readonly<Record<string, Actor>> | undefined
  now = 0
  requestsPerSecond = 1e6
  readonly errors: unknown[] = []
  #wake: () => void = () => undefined

  happen(text: string): void {
    this.events.push({ id: this.events.length + 1, at: AT, text })
    this.#wake()
  }

  readonly operating: Operating = {
    version: '1.2.3',
    overrides: {
      list: () => ({ overrides: this.overrides, version: this.overrides.length }),
      create: (wanted, { actor, version }) => {
        if (version !== undefined && version !== this.overrides.length) {
          return Promise.resolve({ problem: { status: 412, code: 'changed-meanwhile', detail: 'it has changed' } })
        }
        const override = viewOf(wanted, `o${this.overrides.length}`, actor.name)
        this.overrides = [...this.overrides, override]
        return Promise.resolve({ value: { override, version: this.overrides.length, forecast: FORECAST } })
      },
      change: (id) => Promise.resolve(this.#find(id)),
      end: (id) => Promise.resolve(this.#find(id)),
    },
    challenges: {
      list: () => [],
      set: ({ name, value }) => Promise.resolve({ value: { name, value, owner: 'local', expiresAt: AT } }),
      remove: () => Promise.resolve({ value: { removed: 1 } }),
    },
    plan: { plan: () => Promise.resolve({ value: FORECAST }) },
    events: {
      since: (id) => ({ events: this.events.filter((event) => event.id > id), isWhole: true }),
      next: (signal) =>
        new Promise((resolve) => {
          this.#wake = resolve
          signal.addEventListener('abort', () => resolve())
        }),
    },
    reload: {
      reload: () => Promise.resolve({ value: { at: AT, ok: true, changes: [], faults: [] } }),
    },
    audit: { latest: (limit) => Promise.resolve(this.entries.slice(-limit)) },
  }

  routes(more: Partial<AdminSources> = {}) {
    return createRoutes({
      status: () => SAMPLE_STATUS,
      explain: () => Promise.resolve({ explanation: {} }),
      queries: () => ({ queries: [], sample: 0 }),
      roundTrips: {
        list: () => ({ regions: [] }),
        take: ({ region }) => ({ region, known: 0, knownOfAll: 0, appliedWithinMs: 0 }),
      },
      now: () => 0,
      report: (_, text) => {
        if (/^\{.*\}$/s.test(text)) return { taken: {} }
        return { problem: { status: 400, code: 'bad-report', detail: 'not JSON', pointer: '' } }
      },
      ready: () => ({ ready: true, reasons: [] }),
      metrics: () => Promise.resolve(''),
      onError: (error) => void this.errors.push(error),
      onRefused: () => undefined,
      access: {
        clock: { now: () => this.now, wall: () => this.now },
        requestsPerSecond: this.requestsPerSecond,
        hosts: ['director-1.example.net'],
        tokens: {
          isOpen: this.tokens === undefined,
          refresh: () => Promise.resolve([]),
          find: (text) => this.tokens?.[text],
        },
      },
      operating: this.operating,
      ...more,
    })
  }

  #find(id: string) {
    const override = this.overrides.find((one) => one.id === id)
    return override ? { value: { override, version: this.overrides.length, forecast: FORECAST } } : gone
  }
}

/** How @hono/node-server tells who calls. */
export function from(remoteAddress: string) {
  return { incoming: { socket: { remoteAddress } } }
}

export const LOCAL = from('127.0.0.1')

/** One token a role, named after it. */
export const TOKENS = Object.fromEntries(
  (['read', 'operate', 'admin', 'acme', 'report'] satisfies Role[]).map((role) => [
    role,
    { name: `${role}-token`, role },
  ]),
)
