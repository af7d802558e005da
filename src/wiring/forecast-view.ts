// A forecast as the API shows it: services with the classes that move most, and what each region gets of the whole.
import type { Forecast } from '../admin/plan.ts'
import type { ServiceForecast } from '../director/forecast.ts'
import type { Breach } from '../director/safety.ts'
import type { Region } from '../director/service.ts'
import type { Reported } from '../health/report/judge.ts'

export interface ForecastParts {
  readonly services: readonly ServiceForecast[]
  readonly rules: readonly Breach[]
  /** Of each service since the start, in the same order. */
  readonly queries: readonly number[]
  readonly regions: ReadonlyMap<string, Region>
  readonly reported: ReadonlyMap<string, Reported>
}

export function viewForecast(parts: ForecastParts): Forecast {
  const { services, rules, queries } = parts
  const total = queries.reduce((a, b) => a + b, 0)
  const isMeasured = total > 0
  const weights = queries.map((count) => (isMeasured ? count / total : 1 / queries.length))
  return {
    moved: services.reduce((sum, { moved }, i) => sum + moved * weights[i]!, 0),
    isMeasured,
    services: services.map((one) => ({ ...one, classes: mostMoved(one.classes) })),
    regions: viewRegions(parts, weights),
    rules: [...rules],
  }
}

function viewRegions({ services, regions, reported }: ForecastParts, weights: readonly number[]): Forecast['regions'] {
  const sum = (side: 'before' | 'after', region: string) =>
    services.reduce((all, one, i) => all + (one[side][region] ?? 0) * weights[i]!, 0)
  return Array.from(regions, ([region, { capacity }]) => {
    const [before, after] = [sum('before', region), sum('after', region)]
    const requestRate = reported.get(region)?.report?.requestRate
    const expectedRate = requestRate !== undefined && before > 0 ? (requestRate * after) / before : undefined
    return {
      ...{ region, before, after },
      ...(requestRate !== undefined && { requestRate }),
      ...(expectedRate !== undefined && { expectedRate }),
      ...(capacity !== undefined && { capacity }),
    }
  })
}

const SHOWN_CLASSES = 100

function mostMoved(classes: ServiceForecast['classes']): ServiceForecast['classes'][number][] {
  return classes.toSorted((a, b) => b.moved * b.weight - a.moved * a.weight).slice(0, SHOWN_CLASSES)
}
