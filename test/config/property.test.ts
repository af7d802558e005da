// Whatever stands in the file: loading never throws, every fault has a place inside the file, and there is a config
// exactly when no fault is an error.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { isError, type Fault } from '../../src/base/fault.ts'
import { parseConfig } from '../../src/config/load.ts'

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../deploy/meridian.yaml'), 'utf8')
const WORDS = EXAMPLE.match(/[A-Za-z0-9.:/-]+|[^\sA-Za-z0-9]/g)!

function expectSound(source: string | Uint8Array): void {
  const { config, faults, text } = parseConfig(source, 'f')
  const lines = text.split('\n')
  for (const fault of faults) expectInside(fault, lines)
  expect(config === undefined).toBe(faults.some(isError))
}

function expectInside({ place, message }: Fault, lines: readonly string[]): void {
  const { line = 0, column = 0 } = place
  expect(message).not.toBe('')
  expect(line).toBeGreaterThanOrEqual(1)
  expect(line).toBeLessThanOrEqual(lines.length)
  expect(column).toBeGreaterThanOrEqual(1)
  expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1)
}

const snippet = fc.oneof(
  fc.constantFrom(...WORDS, '\n', '\n  ', ' ', '\t', '&a ', '*a', '<<: *a', '__proto__', '"', 'null'),
  fc.string(),
)

const mutation = fc.record({ at: fc.nat(EXAMPLE.length), length: fc.nat(30), text: snippet })

test('random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectSound), { numRuns: 300 })
})

test('random text of the words of a config', () => {
  fc.assert(
    fc.property(fc.array(snippet, { maxLength: 40 }), (words) => expectSound(words.join(' '))),
    { numRuns: 500 },
  )
})

test('the example with pieces replaced', () => {
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(mutations, (list) => {
      expectSound(
        list.reduce(
          (text, { at, length, text: piece }) => text.slice(0, at) + piece + text.slice(at + length),
          EXAMPLE,
        ),
      )
    }),
    { numRuns: 500 },
  )
})

test('any value in any section', () => {
  const key = fc.constantFrom(
    'listen',
    'zones',
    'geo',
    'admin',
    'monitors',
    'regions',
    'services',
    'steer',
    'type',
    'weighted',
    'nearest',
    'a',
  )
  const { tree } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.constantFrom(...WORDS), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    tree: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 6 }), (value) => expectSound(stringify(value))),
    { numRuns: 500 },
  )
})
