// ACME challenges while they last: kept in the state folder, served beside the zones, and let go when they expire. Changes
// come one after the other, and each answers before it is told to be done.
import { z } from 'zod'
import type { Caller, Outcome } from '../admin/api.ts'
import type { AuditLog } from '../admin/audit.ts'
import type { ChallengeSources, ChallengeView, NewChallenge } from '../admin/challenges.ts'
import type { Problem } from '../admin/problem.ts'
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import { KeptFile } from '../base/kept-file.ts'
import { Turns } from '../base/turns.ts'
import { CHALLENGE_LABEL, innermostZone, readChallengeName, type Challenge } from '../zone/challenges.ts'

export interface ChallengeDeskOptions {
  readonly folder: string
  readonly clock: Clock
  readonly audit: AuditLog
  /** Origins of the zones that are served, with the final dot. */
  readonly origins: () => readonly string[]
  /** Serves these and no others, and names those that no zone can take. */
  readonly apply: (challenges: readonly Challenge[]) => Promise<readonly string[]>
  readonly tell: (level: 'info' | 'warn', text: string) => void
}

const keptSchema = z.array(
  z.strictObject({ name: z.string(), value: z.string(), owner: z.string(), expiresAt: z.number() }),
)

/** `expiresAt`: wall-clock ms. */
type KeptChallenge = z.output<typeof keptSchema>[number]

const HOUR_MS = 3_600_000

/** The wall clock may be set: nothing is waited for longer, ms. */
const LONGEST_WAIT_MS = 10_000

/** So many at once: each takes the zones a new build. */
const MOST = 1000

export class ChallengeDesk implements ChallengeSources {
  readonly #options: ChallengeDeskOptions
  readonly #file: KeptFile<readonly KeptChallenge[]>
  #challenges: readonly KeptChallenge[] = []
  readonly #changes = new Turns()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: ChallengeDeskOptions) {
    this.#options = options
    const parse = (json: unknown) => keptSchema.safeParse(json).data
    this.#file = new KeptFile({ folder: options.folder, name: 'challenges', parse })
  }

  /** Those to be served with the first snapshot. */
  get all(): readonly Challenge[] {
    return this.#challenges.map(({ name, value }) => ({ name, value }))
  }

  /** Reads what was kept, before the first snapshot, or again after `stop`. */
  async start(): Promise<readonly Fault[]> {
    this.#isStopped = false
    const { value = [], faults } = await this.#file.read()
    this.#challenges = value.filter(({ expiresAt }) => expiresAt > this.#options.clock.wall())
    this.#wait()
    return faults
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  readonly list = (): readonly ChallengeView[] => this.#challenges.map(view)

  readonly set = (wanted: NewChallenge, { actor }: Caller): Promise<Outcome<ChallengeView>> => {
    const name = readChallengeName(wanted.name)
    const problem = this.#problemWith(wanted.name, name)
    if (problem) return Promise.resolve({ problem })
    const expiresAt = this.#options.clock.wall() + (wanted.lifeMs ?? HOUR_MS)
    const challenge = { name: name!, value: wanted.value, owner: actor.name, expiresAt }
    const others = (all: readonly KeptChallenge[]) => all.filter((one) => !isSame(one, challenge))
    return this.#change('challenge.set', challenge.name, actor.name, (all) => [...others(all), challenge]).then(
      (refused) => (refused ? { problem: refused } : { value: view(challenge) }),
    )
  }

  readonly remove = async (
    written: string,
    value: string | undefined,
    { actor }: Caller,
  ): Promise<Outcome<{ readonly removed: number }>> => {
    const name = readChallengeName(written)
    const goes = (one: KeptChallenge) => one.name === name && (value === undefined || one.value === value)
    const removed = this.#challenges.filter(goes).length
    if (removed === 0) return { value: { removed } }
    const refused = await this.#change('challenge.remove', written, actor.name, (all) =>
      all.filter((one) => !goes(one)),
    )
    return refused ? { problem: refused } : { value: { removed } }
  }

  #problemWith(written: string, name: string | undefined): Problem | undefined {
    if (name === undefined) {
      const detail = `"${written}" is no name of a challenge`
      return { status: 400, code: 'bad-body', detail, hint: `it begins with ${CHALLENGE_LABEL}.`, pointer: '/name' }
    }
    if (innermostZone(name, this.#options.origins()) < 0) {
      return { status: 422, code: 'no-such-zone', detail: `${name} is in none of our zones`, pointer: '/name' }
    }
    if (this.#challenges.length < MOST) return undefined
    return { status: 409, code: 'too-many-challenges', detail: `${MOST} challenges are set, which is the most` }
  }

  /** Served, then kept; or, when it cannot be served, as before. */
  #change(
    what: string,
    target: string,
    who: string,
    change: (all: readonly KeptChallenge[]) => readonly KeptChallenge[],
  ): Promise<Problem | undefined> {
    return this.#changes.take(async () => {
      const before = this.#challenges
      this.#challenges = change(before)
      const problem = await this.#serve(what === 'challenge.set' ? target : undefined)
      if (problem) {
        this.#challenges = before
        await this.#options.apply(this.all)
      }
      const { audit, clock } = this.#options
      const at = new Date(clock.wall()).toISOString()
      const outcome = problem ? ('refused' as const) : ('done' as const)
      await audit.append({ at, who, what, target, why: 'certificate', outcome, ...(problem && { rules: [problem] }) })
      return problem
    })
  }

  /** A record that does not survive a restart costs a renewal, and is told; it is no reason to refuse it. */
  async #serve(added: string | undefined): Promise<Problem | undefined> {
    const { apply, tell } = this.#options
    const unserved = await apply(this.all)
    if (added !== undefined && unserved.includes(added)) return cannotServe(added)
    await this.#file.write(this.#challenges).catch((error: unknown) => {
      tell('warn', `challenges could not be kept: ${String(error)}`)
    })
    this.#wait()
    return undefined
  }

  #wait(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped || this.#challenges.length === 0) return
    const next = Math.min(...this.#challenges.map(({ expiresAt }) => expiresAt)) - this.#options.clock.wall()
    this.#timer = setTimeout(() => void this.#expire(), Math.min(LONGEST_WAIT_MS, Math.max(1, next)))
  }

  async #expire(): Promise<void> {
    const now = this.#options.clock.wall()
    const gone = this.#challenges.filter(({ expiresAt }) => expiresAt <= now)
    const names = gone.map(({ name }) => name).join(', ')
    if (gone.length > 0)
      await this.#change('challenge.expire', names, 'itself', (all) => all.filter((one) => !gone.includes(one)))
    this.#wait()
  }
}

function cannotServe(name: string): Problem {
  const hint = 'a CNAME or a delegation stands there, or the zone has faults of its own'
  return { status: 422, code: 'challenge-unserved', detail: `${name} cannot be served beside its zone`, hint }
}

function isSame(a: Challenge, b: Challenge): boolean {
  return a.name === b.name && a.value === b.value
}

function view({ name, value, owner, expiresAt }: KeptChallenge): ChallengeView {
  return { name, value, owner, expiresAt: new Date(expiresAt).toISOString() }
}
