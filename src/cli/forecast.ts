// Overrides and forecasts as text for people: what changes stands out, what stays is not shown.
import type { OverrideView } from '../admin/overrides.ts'
import type { Forecast } from '../admin/plan.ts'
import { printable, type Paint } from './paint.ts'
import { formatDuration, formatTable, formatTime } from './table.ts'

/** One override, a line or two. */
export function formatOverride(override: OverrideView, paint: Paint): string {
  const { id, kind, target, value, owner, reason, state, strength, rampMs, startsAt, expiresAt, drain } = override
  const what = `${kind} ${target}${value === undefined ? '' : ` ${value}`}`
  const facts = [
    state === 'coming' || state === 'ending' ? `${state}, ${percent(strength)} of it in force` : state,
    ...(state === 'scheduled' ? [`begins at ${formatTime(new Date(startsAt))}`] : []),
    ...(rampMs > 0 ? [`over ${formatDuration(rampMs)}`] : []),
    ...(expiresAt === undefined ? [] : [`expires at ${formatTime(new Date(expiresAt))}`]),
    `by ${owner}: ${reason}`,
  ]
  const lines = [`${paint('bold', printable(what))}  ${paint('dim', id)}  ${printable(facts.join(', '))}`]
  if (drain) lines.push(drainLine(drain, paint))
  return `${lines.join('\n')}\n`
}

function drainLine({ state, share, emptyAt, why }: NonNullable<OverrideView['drain']>, paint: Paint): string {
  if (state === 'safe') return `  ${paint('green', 'safe to stop')}: ${printable(why)}`
  const when = emptyAt === undefined ? '' : `; empty at about ${formatTime(new Date(emptyAt))}`
  return `  ${paint('yellow', state)}: ${percent(share)} of the answers at most, ${printable(why)}${when}`
}

export function formatForecast(forecast: Forecast, paint: Paint): string {
  const { services, regions, rules, moved, isMeasured } = forecast
  const by = isMeasured
    ? 'by the queries of each client class'
    : 'client classes count alike: no queries were counted yet'
  const lines = [`${paint('bold', `${percent(moved)} of the users move`)} (${by})`]
  for (const one of services.filter(
    (service) => service.moved > 0 || service.fallbackAfter !== service.fallbackBefore,
  )) {
    lines.push(...serviceLines(one, paint))
  }
  const loads = regions.filter(({ before, after }) => Math.abs(before - after) > 1e-9).map(loadRow)
  if (loads.length > 0) lines.push(paint('bold', 'regions'), ...formatTable(loads, '  '))
  for (const { rule, detail } of rules) lines.push(`${paint('red', rule)}: ${printable(detail)}`)
  return `${lines.join('\n')}\n`
}

type Shown = Forecast['services'][number]

function serviceLines({ service, before, after, moved, fallbackAfter, classes }: Shown, paint: Paint): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const rows = names.map((name) => [printable(name), `${percent(before[name] ?? 0)} → ${percent(after[name] ?? 0)}`])
  const fallback = fallbackAfter ? `  ${paint('red', 'fallback engaged')}` : ''
  const touched = `${classes.length} client ${classes.length === 1 ? 'class' : 'classes'}`
  return [
    `${paint('bold', printable(service))}: ${percent(moved)} move, of ${touched}${fallback}`,
    ...formatTable(rows, '  '),
  ]
}

function loadRow({ region, before, after, expectedRate, capacity }: Forecast['regions'][number]): string[] {
  const rate = expectedRate === undefined ? '' : `${Math.round(expectedRate)} requests/s`
  const room =
    expectedRate === undefined || capacity === undefined ? '' : `${percent(expectedRate / capacity)} of its capacity`
  return [printable(region), `${percent(before)} → ${percent(after)}`, rate, room]
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`
}
