// YAML that people get wrong, and where a path was written.
import { describe, expect, test } from 'vitest'
import { readDocument, type Path } from '../../src/config/document.ts'

function codesOf(text: string): string[] {
  return readDocument(text, 'f').faults.map(({ place, code }) => `${place.line}:${place.column} ${code}`)
}

describe('syntax', () => {
  test.each([
    ['a: "x', '1:6 yaml-syntax'],
    ['a: b: c', '1:4 yaml-syntax'],
    ['\ta: 1', '1:1 yaml-syntax'],
    ['a: 1\n---\nb: 2', '2:1 yaml-syntax'],
    ['a: !!js/function x', '1:4 yaml-syntax'],
    ['a: *b', '1:4 bad-alias'],
    ['a: &x [*x]', '1:8 bad-alias'],
    ['a: &x { <<: *x }', '1:13 bad-alias'],
    ['a: 1\nb:\n  c: 2\n  c: 3', '4:3 duplicate-key'],
    ['? [x]\n: 1', '1:3 bad-key'],
    ['['.repeat(20_000), undefined],
  ])('%.40j', (text, expected) => {
    const codes = codesOf(text)
    expect(codes).toHaveLength(1)
    if (expected !== undefined) expect(codes[0]).toBe(expected)
  })
  test('a duplicate key does not hide the rest', () => {
    expect(readDocument('a: 1\na: 2\nb: 3', 'f').value).toEqual({ a: 2, b: 3 })
  })
  test('aliases are bounded', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    expect(codesOf(`l0: &l0 [x]\n${levels.join('\n')}`)).toEqual(['1:1 yaml-refused'])
  })
  test('a hundred aliases of one anchor are ordinary', () => {
    expect(codesOf(`a: &a { x: 1 }\nb: [${Array(500).fill('*a').join(', ')}]`)).toEqual([])
  })
  test('a file is at most 4 MiB', () => {
    expect(codesOf(`a: ${'x'.repeat(5 << 20)}`)).toEqual(['1:1 file-too-large'])
  })
})

describe('places', () => {
  const document = readDocument('a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  c: 3\ne: [1, *x]\n', 'f')
  test.each<[Path, string, string]>([
    [['a', 'q'], '1:14', '1:17'],
    [['b'], '2:1', '3:3'],
    [['b', 'c'], '4:3', '4:6'],
    [['b', 'p'], '1:8', '1:11'],
    [['e', 1], '5:8', '5:8'],
    [['e', 1, 'q'], '1:14', '1:17'],
    [['b', 'nothing'], '2:1', '2:1'],
    [['nothing'], '1:1', '1:1'],
  ])('%j', (path, key, value) => {
    const at = (part: 'key' | 'value') => {
      const { line, column } = document.placeOf(path, part)
      return `${line}:${column}`
    }
    expect([at('key'), at('value')]).toEqual([key, value])
  })
})
