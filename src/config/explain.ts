// What zod found, in words for people: the one place that knows zod's issues. A message is made of the row of the
// schema and of what was written, so that it says the same as the reference does.
import type { z } from 'zod'
import { nearestWord } from '../base/fault.ts'
import type { Path } from './document.ts'
import { formatPath, isMapping, valueAt, type Finding } from './finding.ts'
import { alternatives, nounOf, rowsAt, wordsOf, type Row } from './rows.ts'

type Issue = z.core.$ZodIssue

/** What a custom check of ours may add to an issue. */
interface IssueWords {
  /** In place of "must be …". */
  readonly message?: string
  readonly hint?: string
  /** What is to blame; the value unless said. */
  readonly part?: 'key'
}

/** All findings for the issues of one parse of `written`. */
export function explainIssues(issues: readonly Issue[], written: unknown): Finding[] {
  const opened = issues.flatMap((issue) => openUnion(issue))
  const slips = new Set(
    opened.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => formatPath(path as Path)),
  )
  // A check of a whole entry with a key that nobody knows may have missed no more than that key.
  const told = opened.filter(({ code, path }) => code !== 'custom' || !slips.has(formatPath(path as Path)))
  return told.flatMap((issue) => explain(issue, written))
}

/** The issues of the alternative that was most likely meant: one whose type fits. */
function openUnion(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant =
    branchWithout(issue.errors, ['invalid_type', 'invalid_value']) ?? branchWithout(issue.errors, ['invalid_type'])
  if (!meant) return [issue]
  return meant.flatMap((inner) => openUnion({ ...inner, path: [...issue.path, ...inner.path] }))
}

function branchWithout(branches: readonly Issue[][], codes: readonly string[]): Issue[] | undefined {
  return branches.find((branch) => !branch.some(({ path, code }) => path.length === 0 && codes.includes(code)))
}

function explain(issue: Issue, written: unknown): Finding[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, written))
  const value = valueAt(written, path)
  if (value === undefined && issue.code !== 'custom') return [missing(path, written)]
  return [wrong(issue, path, rowsAt(path, written), value)]
}

function unknownKey(path: Path, key: string, written: unknown): Finding {
  const rows = alternatives(rowsAt(path, written), valueAt(written, path))
  const at = { path: [...path, key], part: 'key' as const }
  const known = rows.flatMap((row) => Object.keys(row.properties ?? {}))
  const inside = path.length === 0 ? '' : ` in \`${formatPath(path)}\``
  return {
    ...at,
    code: 'unknown-key',
    message: `unknown key \`${key}\`${inside}`,
    hint: didYouMean(key, known, 'known are'),
  }
}

function missing(path: Path, written: unknown): Finding {
  const parent = path.slice(0, -1)
  const key = String(path.at(-1))
  const slip = misspelt(valueAt(written, parent), key, alternatives(rowsAt(parent, written), valueAt(written, parent)))
  if (slip !== undefined) return unknownKey(parent, slip, written)
  const example = rowsAt(path, written).find((row) => row.example !== undefined)?.example
  const hint = example === undefined ? undefined : `add \`${key}: ${example}\``
  return { code: 'missing-key', path: parent, part: 'key', message: `\`${formatPath(path)}\` is missing`, hint }
}

/** A key of the mapping that no row knows and that was probably meant to be `key`. */
export function misspelt(mapping: unknown, key: string, rows: readonly Row[]): string | undefined {
  if (!isMapping(mapping)) return undefined
  const known = new Set(rows.flatMap((row) => Object.keys(row.properties ?? {})))
  return Object.keys(mapping).find((word) => !known.has(word) && nearestWord(word, [key]) !== undefined)
}

function wrong(issue: Issue, path: Path, rows: readonly Row[], value: unknown): Finding {
  const words: IssueWords = issue.code === 'custom' ? (issue.params ?? {}) : {}
  const at = { path, part: words.part ?? ('value' as const) }
  const option = `\`${formatPath(path)}\``
  if (value === null) return noValue(path)
  if (words.message !== undefined)
    return { ...at, code: 'wrong-value', message: `${option} ${words.message}`, hint: words.hint }
  const message = lengthMessage(issue, value) ?? `must be ${describeRows(rows)}, not ${describeValue(value)}`
  return { ...at, code: codeOf(issue), message: `${option} ${message}`, hint: words.hint ?? hintFor(rows, value) }
}

function noValue(path: Path): Finding {
  const message = `\`${formatPath(path)}\` has no value`
  return { code: 'no-value', path, part: 'key', message, hint: 'give it one, or leave the key out' }
}

function codeOf({ code }: Issue): string {
  if (code === 'too_small' || code === 'too_big') return 'out-of-range'
  return code === 'invalid_type' ? 'wrong-type' : 'wrong-value'
}

function lengthMessage(issue: Issue, value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined
  if (issue.code === 'too_small') return 'must not be empty'
  return issue.code === 'too_big' ? `must have at most ${issue.maximum} items` : undefined
}

function describeRows(rows: readonly Row[]): string {
  const words = wordsOf(rows)
  if (words.length > 0) return `one of ${words.join(', ')}`
  return [...new Set(rows.map((row) => withArticle(nounOf(row))))].join(' or ')
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isMapping(value)) return 'a mapping'
  const text = String(value)
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``
}

function hintFor(rows: readonly Row[], value: unknown): string | undefined {
  const row = rows[0] ?? {}
  const words = wordsOf(alternatives(rows, value))
  if (typeof value === 'string' && words.length > 0) return didYouMean(value, words, 'known are')
  const written = typeof value === 'string' || typeof value === 'number' ? conversion(row, value) : undefined
  return written ?? (row.example === undefined ? undefined : `such as ${row.example}`)
}

/** The same value as it should have been written. */
function conversion({ type, title = '' }: Row, value: string | number): string | undefined {
  if (type === 'array') return `write [${value}]`
  if (typeof value === 'string')
    return isNumber(type) && /^\d+$/.test(value) ? `write ${value} without quotes` : undefined
  if (value <= 0) return undefined
  if (title.startsWith('duration')) return value < 1000 ? `write ${value}s` : `write ${value}ms or ${value}s`
  if (title.includes('percentage')) return value <= 100 ? `write ${value}%` : undefined
  return title.endsWith('name') ? `put it in quotes: "${value}"` : undefined
}

function isNumber(type: string | undefined): boolean {
  return type === 'integer' || type === 'number'
}

/** The nearest known word, or, after `listing`, all of them. */
export function didYouMean(word: string, known: readonly string[], listing?: string): string | undefined {
  const near = nearestWord(word, known)
  if (near !== undefined) return `did you mean \`${near}\`?`
  return listing === undefined || known.length === 0 ? undefined : `${listing} ${known.join(', ')}`
}
