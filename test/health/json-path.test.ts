import { expect, it } from 'vitest'
import { valueAtPath } from '../../src/health/json-path.ts'

const document = { a: { b: [{ c: 1 }, null], 'd.e': 2, 'f/g~': 3, '': 4 } }

it.each([
  ['', document],
  ['a.b.0.c', 1],
  ['/a/b/0/c', 1],
  ['a.b.1', null],
  ['/a/d.e', 2],
  ['/a/f~1g~0', 3],
  ['/a/', 4],
  ['a.b.2', undefined],
  ['a.b.00', undefined],
  ['a.b.length', undefined],
  ['a.b.c.d', undefined],
  ['a.constructor', undefined],
])('%j', (path, value) => expect(valueAtPath(document, path)).toEqual(value))
