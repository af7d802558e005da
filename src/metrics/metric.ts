// A metric whose values are read when they are asked for: the shape that every one of exporter.ts has, round prom-client.
// Values of an earlier scrape are forgotten, so a region that left the configuration leaves the metrics too.
import { Counter, Gauge, type Registry } from 'prom-client'

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

function pair(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]))
}
