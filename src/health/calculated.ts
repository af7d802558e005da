// Calculated checks: the state of a monitor over monitors, from the states of its children. Pure. It has no thresholds and
// no damping of its own, for its children have them; so it turns at most as often as they do together.
import type { TargetHealth } from './health.ts'
import type { CalculatedMonitor } from './monitor.ts'

type Rule = Pick<CalculatedMonitor, 'need' | 'children'>

/**
 * Up when enough children are up, down when not enough can be, unknown while unknown ones decide. `children` is parallel
 * to those of the rule; `previous` keeps what has not changed since; `at`: wall-clock ms.
 */
export function judgeCalculated(
  rule: Rule,
  children: readonly TargetHealth[],
  previous: TargetHealth | undefined,
  at: number,
): TargetHealth {
  const needed = neededOf(rule)
  const up = children.filter(({ state }) => state === 'up').length
  const unknown = children.filter(({ state }) => state === 'unknown').length
  const state = up >= needed ? 'up' : up + unknown < needed ? 'down' : 'unknown'
  return {
    state,
    reason: `${up} of ${children.length} checks up, ${needed} needed${whyNot(rule, children)}`,
    since: previous?.state === state ? previous.since : at,
    provisional: children.some(({ provisional }) => provisional),
  }
}

function neededOf({ need, children }: Rule): number {
  if (need === 'all') return children.length
  return need === 'any' ? 1 : need
}

function whyNot({ children: monitors }: Rule, children: readonly TargetHealth[]): string {
  const words = children.flatMap(({ state, reason }, i) => (state === 'up' ? [] : [`${monitors[i]!.name}: ${reason}`]))
  return words.length === 0 ? '' : ` (${words.join('; ')})`
}
