// The README's tables of options and of metrics, each between two comments. Run as a program (npm run readme) this writes
// them anew; a test compares them with the schema and with the exporter.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configReference } from '../../src/config/reference.ts'
import { metricsReference } from './metrics-reference.ts'

export const README = join(import.meta.dirname, '../../README.md')

const OPTIONS = {
  begin: '<!-- reference: made by "npm run readme" from the schema -->',
  end: '<!-- end of reference -->',
}

const METRICS = {
  begin: '<!-- metrics: made by "npm run readme" from the exporter -->',
  end: '<!-- end of metrics -->',
}

/** The README with the tables as they should be. */
export function withReferences(readme: string): string {
  return withText(withText(readme, OPTIONS, configReference()), METRICS, metricsReference())
}

function withText(readme: string, { begin, end }: typeof OPTIONS, text: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`README.md needs ${begin} and then ${end}`)
  return `${readme.slice(0, from)}${begin}\n\n${text}\n${readme.slice(to)}`
}

if (import.meta.main) writeFileSync(README, withReferences(readFileSync(README, 'utf8')))
