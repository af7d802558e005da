// Every scenario of every text file here. The language is described in script.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { play } from './play.ts'
import { readScenarios } from './script.ts'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'))

describe.each(files)('%s', (file) => {
  const scenarios = readScenarios(readFileSync(join(import.meta.dirname, file), 'utf8'))
  test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))('%s', (_, scenario) => play(scenario))
})

describe('a scenario fails', () => {
  const scene = (...then: string[]) => `=== title
config:
  regions:
    us: { balancers: [192.0.2.1] }
    eu: { balancers: [192.0.2.2] }
  services:
    web: { regions: [us, eu], steer: [failover] }
names:
  www LB web
then:
${then.map((line) => `  ${line}`).join('\n')}
`
  test.each([
    ['a wrong answer', 'www A -> eu', 'answers were 1 x us'],
    ['a wrong count', '3 x www A -> 2 x us, 1 x eu', 'answers were 3 x us'],
    ['a wrong TTL', 'www A -> us (ttl 31)', 'the ttl is 30'],
    ['a wrong share', 'clients 10.0.0.0/16 ask www A -> 50 % us', '50 % us: it is 100.00 %'],
    ['a word that it does not know', 'dwon us', '"dwon" is no word'],
    ['a region that is none', 'down mars', 'no region mars'],
    ['words that no explanation has', 'explain www A\n    takes 99 %', 'lacks'],
  ])('at %s, and says what was seen', (_, line, message) => {
    const [scenario] = readScenarios(scene('www A -> us', line))
    expect(() => play(scenario!)).toThrow(message)
    expect(() => play(scenario!)).toThrow(/^line 12: /)
  })
})
