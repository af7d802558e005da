// An override as the API takes it, read against the configuration: its target, value, times and ramp make sense, or the
// refusal says which do not.
import { randomBytes } from 'node:crypto'
import type { Outcome } from '../admin/api.ts'
import type { NewOverride } from '../admin/overrides.ts'
import type { Problem } from '../admin/problem.ts'
import type { Override } from '../director/overrides/override.ts'
import { configuredWeight, readTarget, valueProblem } from '../director/overrides/target.ts'
import type { Definitions } from '../director/service.ts'

/** What was asked for as an override, or what is wrong with it. */
export function readOverride(
  wanted: NewOverride,
  who: string,
  definitions: Definitions,
  now: number,
): Outcome<Override> {
  const { kind, value, reason, rampMs = 0, overrule } = wanted
  const target = readTarget(wanted.target, definitions)
  if ('detail' in target) return refuse(422, 'no-such-target', target.detail, target.hint, '/target')
  const misfit = valueProblem(kind, value)
  if (misfit !== undefined) return refuse(400, 'bad-body', misfit, undefined, '/value')
  const isForce = kind === 'force-up' || kind === 'force-down'
  if (isForce && rampMs > 0) return refuse(400, 'bad-body', 'a force has no ramp', 'drain along a ramp', '/rampMs')
  const from = kind === 'weight' ? configuredWeight(target, definitions) : undefined
  if (typeof from === 'object') return refuse(422, 'no-weights', from.detail, from.hint, '/target')
  const startsAt = Math.max(now, wanted.startsAt === undefined ? now : Date.parse(wanted.startsAt))
  const expiresAt = wanted.expiresAt === undefined ? undefined : Date.parse(wanted.expiresAt)
  if (expiresAt !== undefined && expiresAt <= startsAt) {
    return refuse(400, 'bad-body', 'it would expire before it begins', undefined, '/expiresAt')
  }
  return {
    value: {
      ...{ id: randomBytes(5).toString('hex'), kind, target, createdAt: now, startsAt, rampMs, reason },
      owner: who === 'local' ? (wanted.owner ?? who) : who,
      ...(value !== undefined && { value }),
      ...(from !== undefined && { from }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(overrule !== undefined && { overruled: overrule }),
    },
  }
}

export function refuse(
  status: Problem['status'],
  code: string,
  detail: string,
  hint?: string,
  pointer?: string,
): { readonly problem: Problem } {
  return {
    problem: { status, code, detail, ...(hint !== undefined && { hint }), ...(pointer !== undefined && { pointer }) },
  }
}
