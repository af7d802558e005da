import { expect, test } from 'vitest'
import { MAX_REPORTED, RoundTripBook } from '../../src/director/round-trip-book.ts'

const NET = '203.0.113.0/24'
const FILE = new Map([[NET, { us: 90, eu: 10 }]])
const merged = (book: RoundTripBook) => Object.fromEntries(book.merge(FILE))

test('what a region reported wins over the file, network by network and region by region', () => {
  const book = new RoundTripBook()
  expect(book.merge(FILE)).toBe(FILE)
  book.take(
    'us',
    new Map([
      [NET, 5],
      ['192.0.2.0/24', 7],
    ]),
    'add',
    1,
  )
  expect(merged(book)).toEqual({ [NET]: { us: 5, eu: 10 }, '192.0.2.0/24': { us: 7 } })
})

test('a report adds or replaces, of its own region alone', () => {
  const book = new RoundTripBook()
  book.take('us', new Map([[NET, 5]]), 'add', 1)
  book.take('eu', new Map([[NET, 6]]), 'add', 1)
  book.take('us', new Map([['192.0.2.0/24', 7]]), 'add', 2)
  expect(merged(book)).toEqual({ [NET]: { us: 5, eu: 6 }, '192.0.2.0/24': { us: 7 } })
  book.take('us', new Map([['192.0.2.0/24', 8]]), 'replace', 3)
  expect(merged(book)).toEqual({ [NET]: { us: 90, eu: 6 }, '192.0.2.0/24': { us: 8 } })
  book.take('us', new Map(), 'replace', 4)
  expect([...book.regions.keys()]).toEqual(['eu'])
})

test('what grows old is forgotten, and the file counts again', () => {
  const book = new RoundTripBook()
  book.take('us', new Map([[NET, 5]]), 'add', 1)
  book.take('us', new Map([['192.0.2.0/24', 7]]), 'add', 2)
  expect(book.oldest).toBe(1)
  expect(book.expire(1)).toBe(false)
  expect(book.expire(2)).toBe(true)
  expect(merged(book)).toEqual({ [NET]: { us: 90, eu: 10 }, '192.0.2.0/24': { us: 7 } })
  book.retain(new Map([['eu', 0]]))
  expect([book.size, book.oldest]).toEqual([0, Infinity])
})

test('too many are refused whole', () => {
  const book = new RoundTripBook()
  const times = new Map(
    Array.from({ length: MAX_REPORTED }, (_, i) => [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`, 1]),
  )
  expect(book.take('us', times, 'add', 1)).toBe(true)
  expect(book.take('eu', new Map([[NET, 1]]), 'add', 1)).toBe(false)
  expect(book.size).toBe(MAX_REPORTED)
  expect(book.take('us', times, 'replace', 2)).toBe(true)
})
