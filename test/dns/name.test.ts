import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareNames,
  foldCase,
  formatName,
  isSubdomain,
  labelsOf,
  nameLength,
  parentOf,
  parseName,
  ROOT,
  sameName,
  type Name,
} from '../../src/dns/name.ts'
import { arbitraryName } from '../support/arbitrary-name.ts'

function nameOf(text: string, origin?: Name): Name {
  const name = parseName(text, origin)
  if (typeof name === 'string') throw new Error(`${text}: ${name}`)
  return name
}

test('reads names relative to an origin, absolute ones, and the origin itself', () => {
  const origin = nameOf('example.com.')
  expect(formatName(nameOf('www', origin))).toBe('www.example.com.')
  expect(formatName(nameOf('a.b', origin))).toBe('a.b.example.com.')
  expect(formatName(nameOf('www.', origin))).toBe('www.')
  expect(nameOf('@', origin)).toEqual(origin)
  expect(nameOf('.', origin)).toEqual(ROOT)
  expect(formatName(nameOf('a.', ROOT))).toBe('a.')
})

test('folds ASCII case only', () => {
  expect(nameOf('WwW.Example.')).toEqual(nameOf('www.example.'))
  expect([...nameOf('\\196.')]).toEqual([1, 196, 0])
})

test.each([
  ['a\\.b.', [3, 0x61, 0x2e, 0x62, 0]],
  ['\\065.', [1, 0x61, 0]],
  ['\\@.', [1, 0x40, 0]],
  ['\\000\\255.', [2, 0, 255, 0]],
  ['\\\\.', [1, 0x5c, 0]],
])('resolves the escapes of %s', (text, wire) => {
  expect([...nameOf(text)]).toEqual(wire)
})

test.each([
  ['', 'empty-label'],
  ['..', 'empty-label'],
  ['.a', 'empty-label'],
  ['a..b', 'empty-label'],
  ['a\\', 'bad-escape'],
  ['a\\25', 'bad-escape'],
  ['a\\256', 'bad-escape'],
  ['a\\2x5', 'bad-escape'],
  ['x'.repeat(64), 'label-too-long'],
  ['x'.repeat(64) + '.', 'label-too-long'],
  ['abc.'.repeat(64), 'name-too-long'],
])('refuses %j', (text, problem) => {
  expect(parseName(text)).toBe(problem)
})

test('takes labels of 63 and names of 255 bytes, and not one more', () => {
  const label = `${'x'.repeat(63)}.`
  expect(nameOf(label).length).toBe(65)
  const longest = `${label.repeat(3)}${'y'.repeat(61)}.`
  expect(nameOf(longest).length).toBe(255)
  expect(parseName(`${label.repeat(3)}${'y'.repeat(62)}.`)).toBe('name-too-long')
  expect(parseName(`${label.repeat(3)}${'y'.repeat(60)}`, nameOf('z.'))).toBe('name-too-long')
  expect(nameOf(`${label.repeat(3)}${'y'.repeat(59)}`, nameOf('z.')).length).toBe(255)
})

test('prints what it reads, whatever bytes the labels hold', () => {
  fc.assert(
    fc.property(arbitraryName(), (name) => {
      expect(formatName(name)).toMatch(/^[\x21-\x7e]+$/)
      expect(nameOf(formatName(name))).toEqual(name)
    }),
  )
})

test('escapes what means something in master files', () => {
  expect(formatName(nameOf('\\;\\(\\)\\"\\@\\$\\.\\\\\\032.'))).toBe('\\;\\(\\)\\"\\@\\$\\.\\\\\\032.')
})

test('knows labels, parents and ancestors', () => {
  const name = nameOf('a.b.example.')
  expect(labelsOf(name).map((label) => Buffer.from(label).toString())).toEqual(['a', 'b', 'example'])
  expect(formatName(parentOf(name)!)).toBe('b.example.')
  expect(parentOf(ROOT)).toBeUndefined()
  expect(isSubdomain(name, nameOf('example.'))).toBe(true)
  expect(isSubdomain(name, name)).toBe(true)
  expect(isSubdomain(name, ROOT)).toBe(true)
  expect(isSubdomain(name, nameOf('ample.'))).toBe(false)
  expect(isSubdomain(nameOf('example.'), name)).toBe(false)
  expect(isSubdomain(nameOf('x\\.example.'), nameOf('example.'))).toBe(false)
})

test('measures a name in the midst of bytes', () => {
  fc.assert(
    fc.property(arbitraryName(), fc.uint8Array({ maxLength: 9 }), (name, before) => {
      const bytes = Uint8Array.from([...before, ...name, 7])
      expect(nameLength(bytes, before.length)).toBe(name.length)
      expect(formatName(bytes, before.length)).toBe(formatName(name))
    }),
  )
})

test('orders names as RFC 4034 §6.1 shows', () => {
  const sorted = ['example.', 'a.example.', 'yljkjljk.a.example.', 'Z.a.example.', 'zABC.a.EXAMPLE.', 'z.example.']
  const names = [...sorted, '\\001.z.example.', '*.z.example.', '\\200.z.example.'].map((text) => nameOf(text))
  const shuffled = names.toReversed().sort(compareNames)
  expect(shuffled.map((name) => formatName(name))).toEqual(names.map((name) => formatName(name)))
})

test('compares as equal exactly the same names', () => {
  fc.assert(
    fc.property(arbitraryName(), arbitraryName(), (a, b) => {
      expect(compareNames(a, b) === 0).toBe(sameName(a, b))
      expect(Math.sign(compareNames(a, b)) + Math.sign(compareNames(b, a))).toBe(0)
      expect(compareNames(a, foldCase(a.slice()))).toBe(0)
    }),
  )
})
