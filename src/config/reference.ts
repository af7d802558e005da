// The README's table of options, made of the rows of the schema, so that it cannot say anything else than `check` does.
import { alternatives, configRows, nounOf, wordsOf, type Row } from './rows.ts'

interface Option {
  /** `monitors.NAME.interval`, `services.NAME.steer[].take`. */
  readonly path: string
  readonly rows: readonly Row[]
  readonly required: boolean
}

/** A Markdown table: option, type, default, what. */
export function configReference(): string {
  const lines = mergeOptions(optionsOf(configRows, ''))
    .filter(({ rows }) => rows.some(({ description }) => description !== undefined))
    .map((option) => tableRow([`\`${option.path}\``, typeOf(option.rows), defaultOf(option), docOf(option.rows)]))
  return [tableRow(['Option', 'Type', 'Default', 'What']), tableRow(['---', '---', '---', '---']), ...lines, ''].join(
    '\n',
  )
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** Every option below the row, in the order of the schema. */
function optionsOf(row: Row, path: string): Option[] {
  if (row.anyOf ?? row.oneOf) return alternatives([row], undefined).flatMap((member) => optionsOf(member, path))
  if (row.items) return optionsOf(row.items, `${path}[]`)
  const entries = row.additionalProperties ? optionsOf(row.additionalProperties, `${path}.NAME`) : []
  return [
    ...Object.entries(row.properties ?? {}).flatMap(([key, child]) => optionAndBelow(row, path, key, child)),
    ...entries,
  ]
}

function optionAndBelow(parent: Row, path: string, key: string, row: Row): Option[] {
  const below = path === '' ? key : `${path}.${key}`
  return [{ path: below, rows: [row], required: parent.required?.includes(key) ?? false }, ...optionsOf(row, below)]
}

/** One line per path: alternatives share the options that they have in common. */
function mergeOptions(options: readonly Option[]): Option[] {
  const merged = new Map<string, Option>()
  for (const option of options) {
    const known = merged.get(option.path)
    merged.set(option.path, known ? { ...known, rows: [...known.rows, ...option.rows] } : option)
  }
  return [...merged.values()]
}

function typeOf(rows: readonly Row[]): string {
  const words = wordsOf(rows)
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(', ')
  const [row = {}] = rows
  return row.items && row.title === undefined ? `list: ${nounOf(row.items)}` : nounOf(row)
}

function defaultOf({ rows, required }: Option): string {
  const [row = {}] = rows
  if (row.byDefault !== undefined) return row.byDefault
  if (required) return 'must be given'
  if (row.default === undefined) return 'none'
  const text = Array.isArray(row.default) ? `[${row.default.join(', ')}]` : JSON.stringify(row.default)
  return text === '{}' || text === '""' ? 'none' : `\`${text.replaceAll('"', '')}\``
}

function docOf(rows: readonly Row[]): string {
  return rows.find(({ description }) => description !== undefined)?.description ?? ''
}
