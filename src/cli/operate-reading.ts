// The words of operators' commands, read: durations, numbers, targets with a value, the text of files. What is wrong with one
// is a sentence for people. What is asked of a director comes of it; nothing is asked here.
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { NewOverride } from '../admin/overrides.ts'
import type { PlanRequest } from '../admin/plan.ts'
import { parseDuration } from '../base/moment.ts'
import type { OverrideOptions, PlanOptions } from './operate-actions.ts'

/** What is asked for as an override, or what is wrong with its words. */
export function readOverride(
  wanted: Pick<NewOverride, 'kind' | 'target' | 'value'>,
  options: OverrideOptions,
): NewOverride | string {
  const { reason, over, at, for: lasting, overrule } = options
  const [rampMs, lifeMs] = [readDuration(over), readDuration(lasting)]
  if (rampMs === 'bad') return `--over "${over}" is no duration such as 10m`
  if (lifeMs === 'bad') return `--for "${lasting}" is no duration such as 2h`
  const startsAt = at === undefined ? undefined : new Date(at)
  if (startsAt && Number.isNaN(startsAt.getTime())) return `--at "${at}" is no moment such as 2026-01-31T22:00`
  const from = startsAt?.getTime() ?? Date.now()
  return {
    ...wanted,
    ...{ reason, owner: userInfo().username },
    ...(rampMs !== undefined && { rampMs }),
    ...(startsAt && { startsAt: startsAt.toISOString() }),
    ...(lifeMs !== undefined && { expiresAt: new Date(from + lifeMs).toISOString() }),
    ...(overrule !== undefined && { overrule }),
  }
}

/** Ms of `10m`; undefined where nothing is written. */
export function readDuration(written: string | undefined): number | undefined | 'bad' {
  return written === undefined ? undefined : (parseDuration(written) ?? 'bad')
}

/** `10`, `0.5` or `50%`. */
export function readNumber(written: string): number | undefined {
  const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(written) ?? []
  if (digits === undefined) return undefined
  return percent === '%' ? Number(digits) / 100 : Number(digits)
}

/** What `plan` asks, or what is wrong with its words. */
export function readPlan({ drain, fail, weight, share, over, config }: PlanOptions): PlanRequest | string {
  const rampMs = readDuration(over)
  if (rampMs === 'bad') return `--over "${over}" is no duration such as 10m`
  const [weights, shares] = [weight, share].map((all) => all.map(readAssignment))
  const bad = [...weights!, ...shares!].find((one) => typeof one === 'string')
  if (typeof bad === 'string') return `"${bad}" is no TARGET=NUMBER, such as canary:eu-west=10`
  const text = config === undefined ? undefined : readText(config)
  if (typeof text === 'object') return text.problem
  return {
    ...{ drain: [...drain], fail: [...fail], weight: weights as Assignment[], share: shares as Assignment[] },
    ...(rampMs !== undefined && { rampMs }),
    ...(text !== undefined && { config: text }),
  }
}

interface Assignment {
  readonly target: string
  readonly value: number
}

function readAssignment(written: string): Assignment | string {
  const at = written.lastIndexOf('=')
  const value = readNumber(written.slice(at + 1))
  return at <= 0 || value === undefined ? written : { target: written.slice(0, at), value }
}

function readText(file: string): string | { readonly problem: string } {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return { problem: `${file} cannot be read: ${(error as Error).message}` }
  }
}
