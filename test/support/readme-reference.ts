// The README's table of options, between two comments. Run as a program (npm run readme) this writes it anew; a test
// compares it with the schema.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configReference } from '../../src/config/reference.ts'

export const README = join(import.meta.dirname, '../../README.md')

const BEGIN = '<!-- reference: made by "npm run readme" from the schema -->'
const END = '<!-- end of reference -->'

/** The README with the table as it should be. */
export function withReference(readme: string): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`README.md needs ${BEGIN} and then ${END}`)
  return `${readme.slice(0, from)}${BEGIN}\n\n${configReference()}\n${readme.slice(to)}`
}

if (import.meta.main) writeFileSync(README, withReference(readFileSync(README, 'utf8')))
