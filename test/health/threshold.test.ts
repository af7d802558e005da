import { describe, expect, it } from 'vitest'
import type { Observation, State } from '../../src/health/health.ts'
import { coldCheck, isUndecided, joiningCheck, observe, savedCheck, type Check } from '../../src/health/threshold.ts'

type Outcome = Observation['outcome']

const start: Record<string, () => Check> = {
  cold: () => coldCheck(0),
  joining: () => joiningCheck(0),
  'saved up': () => savedCheck({ state: 'up', reason: 'saved', since: -5 }),
  'saved down': () => savedCheck({ state: 'down', reason: 'saved', since: -5 }),
}
const startState: Record<string, State> = { cold: 'unknown', joining: 'down', 'saved up': 'up', 'saved down': 'down' }

function seen(outcome: Outcome, startedAt: number): Observation {
  return { outcome, reason: `${outcome} ${startedAt}`, startedAt, tookMs: 1 }
}

/** The rules in plain words, over the whole history instead of one step at a time. */
function model(kind: string, history: readonly Outcome[], healthy: number, unhealthy: number) {
  let state = startState[kind]!
  let since = kind.startsWith('saved') ? -5 : 0
  const said: Outcome[] = []
  let confirmed = false
  for (const [i, outcome] of history.entries()) {
    if (outcome === 'none') continue
    said.push(outcome)
    const threshold = outcome === 'success' ? healthy : unhealthy
    const run = said.length >= threshold && said.slice(-threshold).every((each) => each === outcome)
    const first = said.length === 1 || (kind === 'joining' && said.indexOf('success') === said.length - 1)
    const says: State = outcome === 'success' ? 'up' : 'down'
    const turns = says !== state && (run || first)
    if (turns) [state, since, confirmed] = [says, i, run]
    else if (says === state) confirmed ||= run
  }
  const contrary: Outcome = state === 'up' ? 'failure' : 'success'
  return {
    state,
    since,
    provisional: !confirmed,
    undecided: !confirmed || said.at(-1) === contrary,
  }
}

function* histories(length: number): Generator<Outcome[]> {
  if (length === 0) yield []
  else
    for (const rest of histories(length - 1))
      for (const o of ['success', 'failure', 'none'] as const) yield [...rest, o]
}

describe('the threshold machine', () => {
  it.each(Object.keys(start))('agrees with the model on every history of seven observations (%s)', (kind) => {
    for (const history of histories(7)) {
      for (const [healthyThreshold, unhealthyThreshold] of [
        [1, 1],
        [2, 3],
        [3, 2],
      ] as const) {
        let check = start[kind]!()
        history.forEach(
          (outcome, i) => (check = observe(check, seen(outcome, i), { healthyThreshold, unhealthyThreshold }, i)),
        )
        const { state, since, provisional } = check
        const expected = model(kind, history, healthyThreshold, unhealthyThreshold)
        const actual = { state, since, provisional, undecided: isUndecided(check) }
        if (JSON.stringify(actual) !== JSON.stringify(expected))
          expect({ history, ...actual }).toEqual({ history, ...expected })
      }
    }
  })

  const thresholds = { healthyThreshold: 2, unhealthyThreshold: 3 }
  const run = (check: Check, ...all: Observation[]): Check =>
    all.reduce((c, o) => observe(c, o, thresholds, o.startedAt), check)

  it('counts nothing that began before the newest counted observation', () => {
    const up = run(coldCheck(0), seen('success', 1), seen('success', 9))
    expect(run(up, seen('failure', 2), seen('failure', 3), seen('failure', 4))).toBe(up)
    expect(run(up, seen('failure', 9)).failures).toBe(1)
  })

  it('gives the reason of the observation that turned the state', () => {
    const down = run(coldCheck(0), seen('success', 1), seen('failure', 2), seen('failure', 3), seen('failure', 4))
    expect(down).toMatchObject({ state: 'down', reason: 'failure 4', since: 4, provisional: false })
    expect(run(down, seen('failure', 5))).toMatchObject({ reason: 'failure 4', since: 4 })
  })
})
