// The README's tables of metrics, made of the exporter itself, so that they cannot say anything else than `/metrics` does.
import { createExporter, type MetricAbout } from '../../src/metrics/exporter.ts'

/** What each label may hold: how many series a metric can have. A label that is not here is an error. */
const LABELS: Readonly<Record<string, string>> = {
  address: 'balancers of the configuration, and the addresses that host names among them resolve to',
  beacon: 'beacons of the configuration',
  code: 'codes of faults, a list in the program',
  kind: 'kinds of overrides, 5',
  node: 'one: the version of Node',
  outcome: '3: `success`, `failure`, `none`',
  rcode: '16',
  reason: '7 at most, a list in the program',
  region: 'regions of the configuration; of transitions those since the start',
  result: '2: `success`, `failure`',
  role: '3: `udp`, `tcp`, `probe`',
  service: 'services of the configuration',
  severity: '2: `error`, `warning`',
  slot: '`workers` of the configuration and two',
  state: '7 at most, a list in the program',
  target: 'what overrides are on, the 100 oldest',
  to: '3: `up`, `down`, `unknown`',
  transport: '2: `udp`, `tcp`',
  type: '6: `A`, `AAAA`, `HTTPS`, `TXT`, `MX`, `other`',
  version: 'one: that of Meridian',
  zone: 'zones, the first 1,000 by name',
}

/** Everything that a director exports. */
export function allMetrics(): readonly MetricAbout[] {
  const facts = () => ({
    ...{ at: '2026-01-01T00:00:00Z', uptimeMs: 0, snapshot: { number: 0, ageMs: 0 } },
    ...{ zones: [], regions: [], services: [], faults: [], workers: [] },
  })
  return createExporter({ version: '0', counters: () => [], droppedLogLines: () => 0, facts }).list()
}

/** Names of ours in a text that no director exports; the series of a histogram are known by its name. */
export function unknownMetrics(text: string): string[] {
  const known = allMetrics().flatMap(({ name, type }) =>
    type === 'histogram' ? [name, ...['bucket', 'sum', 'count'].map((end) => `${name}_${end}`)] : [name],
  )
  // A colon makes it the name of a recording rule.
  return [...new Set(text.match(/\bmeridian_[a-z0-9_]+\b(?!:)/g))].filter((name) => !known.includes(name))
}

/** A Markdown table of our own metrics, another of their labels, and the names of those of the process. */
export function metricsReference(): string {
  const isOurs = ({ name }: MetricAbout): boolean => name.startsWith('meridian_')
  const ours = allMetrics().filter(isOurs)
  const labels = [...new Set(ours.flatMap(({ labels }) => labels))].sort()
  const process = allMetrics().filter((metric) => !isOurs(metric))
  return [
    ...table(['Metric', 'Type', 'Labels', 'What'], ours.map(metricRow)),
    '',
    ...table(
      ['Label', 'Values'],
      labels.map((label) => [`\`${label}\``, valuesOf(label)]),
    ),
    '',
    `Of the process, by prom-client: ${process.map(({ name }) => `\`${name}\``).join(', ')}.`,
    '',
  ].join('\n')
}

function metricRow({ name, type, help, labels }: MetricAbout): string[] {
  return [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help]
}

function valuesOf(label: string): string {
  const values = LABELS[label]
  if (values === undefined) throw new Error(`nobody says which values the label ${label} may hold`)
  return values
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}
