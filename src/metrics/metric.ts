// A metric whose values are read when they are asked for: the shape that every one of exporter.ts has, round prom-client.
// Values of an earlier scrape are forgotten, so a region that left the configuration leaves the metrics too.
import { Counter, Gauge, type Metric, type Registry } from 'prom-client'

/** Sets one value; the labels' values in the order of their names. */
export type SetValue = (labels: readonly string[], value: number) => void

/** A value that goes up and down. `read` is called once a scrape and sets every value. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: (set: SetValue) => void,
): void {
  const registers = [registry]
  const metric: Gauge = new Gauge({ name, help, labelNames: [...labelNames], registers, collect })
  function collect(): void {
    metric.reset()
    read((labels, value) => metric.set(pair(labelNames, labels), value))
  }
}

/** A count since the start, kept elsewhere. `read` is called once a scrape and sets every value. */
export function total(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: (set: SetValue) => void,
): void {
  const registers = [registry]
  const metric: Counter = new Counter({ name, help, labelNames: [...labelNames], registers, collect })
  function collect(): void {
    metric.reset()
    read((labels, value) => metric.inc(pair(labelNames, labels), value))
  }
}

/** Observations that were counted elsewhere. */
export interface Observed {
  /** By bucket: those up to each bound, not cumulated, then those above the last. */
  readonly counts: readonly number[]
  readonly sum: number
}

/** A histogram that is kept elsewhere. `bounds` and `sum` in the unit of the name. `read` is called once a scrape. */
export function histogram(
  registry: Registry,
  name: string,
  help: string,
  bounds: readonly number[],
  read: () => Observed,
): void {
  const get = () => {
    const { counts, sum } = read()
    let total = 0
    const buckets = counts.map((count, i) => {
      total += count
      return { metricName: `${name}_bucket`, labels: { le: bounds[i] ?? '+Inf' }, value: total }
    })
    const ends = [
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: total },
    ]
    return Promise.resolve({ name, help, type: 'histogram', values: [...buckets, ...ends], aggregator: 'sum' })
  }
  // prom-client's own Histogram can only observe; of a metric it asks no more than this.
  registry.registerMetric({ name, help, type: 'histogram', get } as unknown as Metric)
}

function pair(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
}

/** How many there are of each key. */
export function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return counts
}
