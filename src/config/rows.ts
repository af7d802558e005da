// The rows of the schema, as data: what is allowed at a path. Faults (explain.ts) and the README's table (reference.ts)
// read these instead of knowing options themselves.
import { z } from 'zod'
import type { Path } from './document.ts'
import { isMapping, valueAt } from './finding.ts'
import { configSchema } from './schema.ts'

/** A node of the JSON Schema, with what Meridian adds (validators ignore words that they do not know). */
export interface Row {
  readonly type?: string
  /** A noun without an article, its range included. */
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly const?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Row>>
  readonly additionalProperties?: Row | false
  readonly items?: Row
  readonly anyOf?: readonly Row[]
  readonly oneOf?: readonly Row[]
  /** Ours: what to write, for hints. */
  readonly example?: string
  /** Ours: a default that depends on something else, in words. */
  readonly byDefault?: string
}

/** The JSON Schema of meridian.yaml, for editors and for everything here that reads rows. */
export const configRows = z.toJSONSchema(configSchema, { io: 'input' }) as Row

/** The rows that speak of the path: several where alternatives do and what is written fits none better. */
export function rowsAt(path: Path, written: unknown): Row[] {
  return path.reduce<Row[]>(
    (rows, key, depth) =>
      alternatives(rows, valueAt(written, path.slice(0, depth))).flatMap((row) => childRows(row, key)),
    [configRows],
  )
}

/** Unions opened: those members that fit what is written, or all when none does. */
export function alternatives(rows: readonly Row[], written: unknown): Row[] {
  return rows.flatMap((row) => {
    const members = row.anyOf ?? row.oneOf
    if (!members) return [row]
    const fitting = members.filter((member) => fits(member, written))
    return fitting.length > 0 ? fitting : members
  })
}

function childRows(row: Row, key: string | number): Row[] {
  const child = typeof key === 'number' ? row.items : (row.properties?.[key] ?? row.additionalProperties)
  return child ? [child] : []
}

function fits(row: Row, written: unknown): boolean {
  if (!isMapping(written)) return row.type === (Array.isArray(written) ? 'array' : typeof written)
  return Object.entries(row.properties ?? {}).every(
    ([key, { const: fixed }]) => fixed === undefined || fixed === written[key],
  )
}

/** What may be written, without an article: the title if there is one, else the type with its range. */
export function nounOf({ title, type, minimum, maximum }: Row): string {
  if (title !== undefined) return title
  const range = minimum === undefined || maximum === undefined ? '' : ` from ${minimum} to ${maximum}`
  const nouns: Readonly<Record<string, string>> = {
    integer: 'whole number',
    number: 'number',
    string: 'text',
    array: 'list',
    boolean: 'boolean (true or false)',
  }
  return (nouns[type ?? ''] ?? 'mapping') + range
}

/** The words that the rows allow, each once; none where they allow more than words. */
export function wordsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => row.enum ?? row.const ?? []))]
}
