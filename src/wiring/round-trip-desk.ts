// Round-trip times that regions report, on their way from the HTTP API to the client maps. Maps take a second or so to
// build, so reports are applied together: the first at once, later ones a while after the last. What makes no maps is
// forgotten again, so that no report stands in the way of a reload.
import type { Problem } from '../admin/problem.ts'
import type { RoundTripList, RoundTripReceipt, RoundTripReport } from '../admin/round-trips.ts'
import type { Clock } from '../base/clock.ts'
import { nearestWord } from '../base/fault.ts'
import type { Config } from '../config/config.ts'
import { MAX_REPORTED, RoundTripBook } from '../director/round-trip-book.ts'
import type { RoundTrips } from '../steer/steer.ts'

/** Between two applications, ms. */
const APPLY_EVERY_MS = 5_000

export interface RoundTripDeskOptions {
  readonly clock: Clock
  /** Builds client maps with the merged times and publishes them; false, having told why, when that cannot be. */
  readonly apply: () => Promise<boolean>
  readonly tell: (level: 'info' | 'warn', text: string) => void
}

type Rules = Pick<Config, 'roundTripReports' | 'regions'>

export class RoundTripDesk {
  readonly #options: RoundTripDeskOptions
  readonly #book = new RoundTripBook()
  #rules: Rules
  #appliedAt = -Infinity
  #isDue = false
  #timer: NodeJS.Timeout | undefined
  /** Back to what was applied last. */
  #revert: () => void
  #isStopped = false

  constructor(options: RoundTripDeskOptions, rules: Rules) {
    this.#options = options
    this.#rules = rules
    this.#revert = this.#book.save()
  }

  /** Takes a new configuration, which is about to be applied with what is known. */
  configure(rules: Rules): void {
    this.#rules = rules
    this.#book.retain(rules.roundTripReports ? rules.regions : new Map())
    this.#expire()
    if (!this.#isDue) this.#revert = this.#book.save()
    this.#schedule()
  }

  /** The file's times with the reported ones over them. */
  merge(file: RoundTrips | undefined): RoundTrips | undefined {
    return file === undefined && this.#book.size === 0 ? undefined : this.#book.merge(file)
  }

  take({ region, times }: RoundTripReport, how: 'add' | 'replace'): RoundTripReceipt | { readonly problem: Problem } {
    const { roundTripReports, regions } = this.#rules
    if (!roundTripReports) return refuse(409, 'no-round-trips', 'the configuration has no `roundTrips`')
    if (!regions.has(region)) {
      const near = nearestWord(region, regions.keys())
      return refuse(400, 'unknown-region', `"${region}" is no region`, near && `did you mean ${near}?`)
    }
    if (!this.#book.take(region, times, how, this.#options.clock.wall())) {
      const hint = 'merge networks'
      return refuse(409, 'too-many-times', `more than ${MAX_REPORTED} times would be known`, hint)
    }
    this.#isDue = true
    this.#schedule()
    const known = this.#book.regions.get(region)?.size ?? 0
    return { region, known, knownOfAll: this.#book.size, appliedWithinMs: APPLY_EVERY_MS }
  }

  /** Takes them as `take` does, beside the region's other times; gives why it does not, in words. */
  add(report: RoundTripReport): string | undefined {
    const taken = this.take(report, 'add')
    return 'problem' in taken ? taken.problem.detail : undefined
  }

  list(): RoundTripList {
    const { maxAgeMs } = this.#rules.roundTripReports ?? {}
    const regions = Array.from(this.#book.regions, ([region, times]) => ({
      region,
      times: Array.from(times, ([network, { ms, at }]) => ({ network, ms, at: new Date(at).toISOString() })),
    }))
    return { ...(maxAgeMs !== undefined && { maxAgeMs }), regions }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Sets the timer to whatever comes first: an application that is due, or a time that grows too old. */
  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    const { now, wall } = this.#options.clock
    const { maxAgeMs = Infinity } = this.#rules.roundTripReports ?? {}
    const expiry = this.#book.oldest + maxAgeMs - wall() + 1
    const wait = Math.max(0, this.#appliedAt + APPLY_EVERY_MS - now(), this.#isDue ? 0 : expiry)
    if (wait < Infinity) this.#timer = setTimeout(() => void this.#work(), Math.min(wait, MAX_TIMER_MS)).unref()
  }

  async #work(): Promise<void> {
    if (this.#expire()) this.#isDue = true
    if (this.#isDue) {
      this.#isDue = false
      this.#appliedAt = this.#options.clock.now()
      const applied = this.#book.save()
      if (await this.#options.apply()) this.#revert = applied
      else this.#forget()
    }
    this.#schedule()
  }

  #forget(): void {
    this.#revert()
    this.#options.tell('warn', 'the last reports of round-trip times are forgotten: no client maps come of them')
  }

  #expire(): boolean {
    const { maxAgeMs } = this.#rules.roundTripReports ?? {}
    return maxAgeMs !== undefined && this.#book.expire(this.#options.clock.wall() - maxAgeMs)
  }
}

/** Longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

function refuse(status: 400 | 409, code: string, detail: string, hint?: string): { readonly problem: Problem } {
  return { problem: { status, code, detail, ...(hint !== undefined && { hint }) } }
}
