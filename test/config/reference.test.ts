// The table of options says what the schema does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { configReference } from '../../src/config/reference.ts'
import { configRows } from '../../src/config/rows.ts'

const lines = configReference().trimEnd().split('\n')

test('has four cells in each line, none of them empty', () => {
  for (const line of lines) {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1)
    expect(cells).toHaveLength(4)
    for (const cell of cells) expect(cell.trim()).not.toBe('')
  }
})

test('has each option once', () => {
  const options = lines.map((line) => line.split('|')[1])
  expect(new Set(options).size).toBe(options.length)
})

test('knows type, default and doc', () => {
  expect(lines).toContain(
    '| `monitors.NAME.interval` | duration from 10ms to 1h | `10s` | From the start of a probe to the start of the next |',
  )
  expect(lines).toContain(
    '| `monitors.NAME.type` | `http`, `https`, `tcp`, `tls`, `dns`, `grpc`, `exec`, `calculated` | must be given | What a probe does |',
  )
  expect(lines).toContain('| `workers` | whole number from 1 to 256 | cores − 1, at least 1 | Data-plane threads |')
  expect(lines).toContain(
    '| `services.NAME.steer[].take` | whole number from 1 to 16 | none | Addresses in one answer, all of one tier |',
  )
})

test('the JSON Schema for editors takes the example, and refuses a slip in it', () => {
  const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(configRows)) as Parameters<typeof z.fromJSONSchema>[0])
  const example = readFileSync(join(import.meta.dirname, '../../deploy/meridian.yaml'), 'utf8')
  expect(schema.safeParse(parse(example)).error).toBeUndefined()
  expect(schema.safeParse(parse(example.replace('steer:', 'stear:'))).success).toBe(false)
  expect(schema.safeParse(parse(example.replace('interval: 10s', 'interval: 10'))).success).toBe(false)
})
