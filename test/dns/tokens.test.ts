import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tokens } from '../../src/dns/tokens.ts'

/** Records as lists of tokens; quoted ones in quotes, a record's problem at its end. */
function split(text: string): string[][] {
  const tokens = Tokens.of(text)
  const records: string[][] = []
  while (tokens.nextRecord()) {
    const record: string[] = tokens.beginsBlank() ? ['_'] : []
    while (tokens.next()) record.push(tokens.quoted ? `"${tokens.text()}"` : tokens.text())
    tokens.skipRecord()
    if (tokens.problem) record.push(`!${tokens.problem.code}@${tokens.problem.at}`)
    records.push(record)
  }
  return records
}

test.each<[string, string[][]]>([
  ['a b\nc', [['a', 'b'], ['c']]],
  [
    'a\tb  c\r\n\r\n d\r\n',
    [
      ['a', 'b', 'c'],
      ['_', 'd'],
    ],
  ],
  ['; nothing\n\n  ; nothing\na ; b "c\nd;e', [['a'], ['d']]],
  ['a (b\n c) d\ne', [['a', 'b', 'c', 'd'], ['e']]],
  ['a ( ; ) "\n ) b', [['a', 'b']]],
  ['a "b ; c" "" d', [['a', '"b ; c"', '""', 'd']]],
  ['a "b\\"c" \\"d e\\;f g\\ h', [['a', '"b\\"c"', '\\"d', 'e\\;f', 'g\\ h']]],
  ['"a""b"c', [['"a"', '"b"', 'c']]],
  ['a "b\nc', [['a', '!unclosed-quote@2'], ['c']]],
  ['a ) b\nc', [['a', '!stray-parenthesis@2'], ['c']]],
  ['a ( b ( c )\nd', [['a', 'b', '!stray-parenthesis@6'], ['d']]],
  [
    'a ( b\n c\nd e',
    [
      ['a', 'b', 'c', 'd', 'e', '!unclosed-parenthesis@2'],
      ['d', 'e'],
    ],
  ],
  ['a ( b', [['a', 'b', '!unclosed-parenthesis@2']]],
  ['a b\\', [['a', 'b\\']]],
  ['', []],
  [' \n ;\n', []],
])('%j', (text, records) => {
  expect(split(text)).toEqual(records)
})

test('many open parentheses take no longer than their text', () => {
  const tokens = Tokens.of('a (\n'.repeat(200_000))
  let records = 0
  while (tokens.nextRecord()) {
    records++
    tokens.skipRecord()
  }
  expect(records).toBe(17)
})

test('a pair keeps its quoted value, however it was looked at before', () => {
  const tokens = Tokens.of('a="b c" d "e" f=g')
  tokens.nextRecord()
  tokens.next()
  tokens.unread()
  const pairs: string[] = []
  while (tokens.nextPair()) pairs.push(tokens.text())
  expect(pairs).toEqual(['a="b c"', 'd', 'e', 'f=g'])
})

test('random text ends, and tokens lie in order inside of it', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab "();\\\n\t]{0,40}$/), (text) => {
      const tokens = Tokens.of(text)
      let last = 0
      while (tokens.nextRecord()) {
        while (tokens.next()) {
          expect(tokens.start).toBeGreaterThanOrEqual(last)
          expect(tokens.end).toBeLessThanOrEqual(tokens.bytes.length)
          last = tokens.end
        }
        tokens.skipRecord()
        // A record that is never closed is read again from the next line at the margin.
        if (tokens.problem) last = 0
      }
    }),
    { numRuns: 3000 },
  )
})
