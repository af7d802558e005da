// Prometheus text (exposition format 0.0.4), of which a mapping says what counts: for each field of a sample a selector
// such as `sum(http_requests_total{code=~"5.."})`, or several with `or` between them, of which the first counts whose metric
// is there. Mappings for well-known proxies stand in mappings.ts.
import { SAMPLE_FIELDS, type Reading, type Sample } from './report.ts'

/** Selectors by field, and what a value is multiplied by (1000 for seconds). */
export type Mapping = { readonly [Field in keyof Sample]?: string | { readonly of: string; readonly times: number } }

type Fold = 'sum' | 'mean' | 'max' | 'count'

interface Matcher {
  readonly label: string
  readonly matches: (value: string) => boolean
}

/** What one alternative of a selector picks, and what it makes of that. */
export interface Selector {
  readonly fold: Fold
  readonly name: string
  readonly matchers: readonly Matcher[]
}

interface Series {
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

const SELECTOR = /^(?:(sum|mean|max|count)\()?([a-zA-Z_:][\w:]*)(?:\{(.*)\})?(\))?$/s
const MATCHER = /\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/gy
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/gy

/** ` or ` outside quotes. */
const OR = /\s+or\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/

/** Reads `name`, `name{label="value"}` or `count(name{…})`, or several; sum is the default. Undefined when it is none. */
export function parseSelector(text: string): readonly Selector[] | undefined {
  const alternatives = text.split(OR).map(parseAlternative)
  return alternatives.every((each) => each !== undefined) ? alternatives : undefined
}

function parseAlternative(text: string): Selector | undefined {
  const [, fold = 'sum', name, inside = '', closed] = SELECTOR.exec(text.trim()) ?? []
  if (name === undefined || text.includes('(') !== (closed !== undefined)) return undefined
  const matchers = matchAll(MATCHER, inside)?.map(([, label, operator, value]) => {
    return { label: label!, matches: matcherOf(operator!, unescape(value!)) }
  })
  if (!matchers?.every(({ matches }) => matches !== undefined)) return undefined
  return { fold: fold as Fold, name, matchers: matchers as Matcher[] }
}

/**
 * Reads what the mapping names. A field whose series are not there is left out; but a tier that has never made an error
 * may have no series of errors, and has made none where it counts requests by outcome.
 */
export function readPrometheus(text: string, mapping: Mapping): Reading {
  const wanted = SAMPLE_FIELDS.flatMap((field) => {
    const written = mapping[field]
    if (written === undefined) return []
    const { of, times } = typeof written === 'string' ? { of: written, times: 1 } : written
    return [{ field, times, alternatives: parseSelector(of)! }]
  })
  const names = new Set(wanted.flatMap(({ alternatives }) => alternatives.map(({ name }) => name)))
  const series = readSeries(text, names)
  const sample: Record<string, number> = {}
  for (const { field, times, alternatives } of wanted) {
    const selector = alternatives.find(({ name }) => series.has(name))
    if (selector === undefined) continue
    const value = foldSeries(series.get(selector.name)!, selector) ?? (field === 'errors' ? 0 : undefined)
    if (value !== undefined) sample[field] = value * times
  }
  return Object.keys(sample).length === 0 ? { problem: 'none of the mapped metrics is there' } : { sample }
}

/** Lines of other metrics are not looked into: an exporter may have tens of thousands. */
function readSeries(text: string, names: ReadonlySet<string>): ReadonlyMap<string, Series[]> {
  const found = new Map<string, Series[]>()
  for (const line of text.split('\n')) {
    const end = line.search(/[{\s]/)
    if (end <= 0 || !names.has(line.slice(0, end))) continue
    const [, name = '', inside = '', value] = LINE.exec(line) ?? []
    const labels = matchAll(LABEL, inside)
    if (value === undefined || labels === undefined) continue
    const series = {
      labels: new Map(labels.map(([, label, text]) => [label!, unescape(text!)])),
      value: toNumber(value),
    }
    found.set(name, [...(found.get(name) ?? []), series])
  }
  return found
}

function foldSeries(all: readonly Series[], { fold, matchers }: Selector): number | undefined {
  const values = all
    .filter(({ labels }) => matchers.every(({ label, matches }) => matches(labels.get(label) ?? '')))
    .map(({ value }) => value)
  if (values.length === 0) return undefined
  if (fold === 'count') return values.length
  if (fold === 'max') return Math.max(...values)
  const sum = values.reduce((total, value) => total + value, 0)
  return fold === 'mean' ? sum / values.length : sum
}

function matcherOf(operator: string, value: string): ((actual: string) => boolean) | undefined {
  if (operator === '=') return (actual) => actual === value
  if (operator === '!=') return (actual) => actual !== value
  try {
    const pattern = new RegExp(`^(?:${value})$`)
    return (actual) => pattern.test(actual) === (operator === '=~')
  } catch {
    return undefined
  }
}

/** Every match, back to back, of a sticky pattern; undefined when something else stands between or behind them. */
function matchAll(pattern: RegExp, text: string): RegExpExecArray[] | undefined {
  const found: RegExpExecArray[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (match === null)
      return text.slice(found.at(-1) ? found.at(-1)!.index + found.at(-1)![0].length : 0).trim() === ''
        ? found
        : undefined
    found.push(match)
  }
  return found
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

function toNumber(text: string): number {
  if (/^[+-]?Inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}
