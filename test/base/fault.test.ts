import { expect, test } from 'vitest'
import { compareFaults, formatFault, nearestWord, type Fault } from '../../src/base/fault.ts'

test.each([
  ['zonse', 'zones'],
  ['goe', 'geo'],
  ['lsiten', 'listen'],
  ['Weihgted', 'weighted'],
  ['regoins', 'regions'],
  ['intervall', 'interval'],
  ['x', undefined],
  ['services', undefined],
])('the known word nearest to %s is %s', (word, nearest) => {
  expect(nearestWord(word, ['zones', 'geo', 'listen', 'weighted', 'regions', 'interval'])).toBe(nearest)
})

const fault: Fault = {
  code: 'unknown-key',
  severity: 'error',
  place: { file: 'a.yaml', line: 3, column: 7 },
  message: 'unknown key "zonse"',
  hint: 'did you mean "zones"?',
}

test('a fault prints on one line that editors link', () => {
  expect(formatFault(fault)).toBe('a.yaml:3:7: error: unknown key "zonse" (did you mean "zones"?) [unknown-key]')
})

test('faults sort in the order of reading', () => {
  const at = (file: string, line: number, column: number): Fault => ({ ...fault, place: { file, line, column } })
  const sorted = [at('a', 1, 2), at('a', 1, 9), at('a', 10, 1), at('b', 1, 1)]
  expect(sorted.toReversed().toSorted(compareFaults)).toEqual(sorted)
})
