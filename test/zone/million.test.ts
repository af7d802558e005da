// A zone of a million names with a few hundred mistakes in it: the line of each is told, whatever there is to warn of beside.
import { expect, test } from 'vitest'
import { loadText } from './zone-text.ts'

const NAMES = 1_000_000
const MISTAKES = 200
const EVERY = NAMES / MISTAKES
const HEAD = '$TTL 3600\n@ SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n'

/** What is wrong, by what its code is; some are seen while a line is read, some only when the whole zone is known. */
const WRONG: readonly (readonly [code: string, line: (name: string) => string])[] = [
  ['bad-ipv4-address', (name) => `${name} A 10.0.0.256`],
  ['unknown-type', (name) => `${name} AA 10.0.0.1`],
  ['bad-preference', (name) => `${name} MX mail`],
  ['empty-label', (name) => `${name}..x A 10.0.0.1`],
  ['unclosed-quote', (name) => `${name} TXT "open`],
  ['out-of-zone', (name) => `${name}.example.org. A 10.0.0.1`],
  ['cname-beside-data', (name) => `${name} CNAME ns1\n${name} A 10.0.0.1`],
  ['bad-ipv6-address', (name) => `${name} AAAA 2001::1::2`],
  ['bad-ttl', (name) => `${name} 3x A 10.0.0.1`],
  ['extra-field', (name) => `${name} A 10.0.0.1 extra`],
]

function writeZone(warnings: number) {
  const lines: string[] = []
  const mistakes: string[] = []
  const firstLine = HEAD.split('\n').length
  for (let i = 0; i < NAMES; i++) {
    if (i % EVERY !== EVERY / 2) lines.push(`host${i} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    else {
      const [code, line] = WRONG[mistakes.length % WRONG.length]!
      mistakes.push(`${firstLine + lines.length} ${code}`)
      lines.push(...line(`host${i}`).split('\n'))
    }
    if (i < warnings) lines.push(`host${i} 60 A 10.0.0.1`)
  }
  return { text: HEAD + lines.join('\n') + '\n', mistakes }
}

test('the line of each of 200 mistakes is told', { timeout: 60_000 }, () => {
  const { text, mistakes } = writeZone(5000)
  const { zone, faults } = loadText(text)
  const errors = faults.filter(({ severity }) => severity === 'error')
  expect(errors.map(({ place, code }) => `${place.line!} ${code}`).sort()).toEqual(mistakes.sort())
  expect(faults.length - errors.length).toBeGreaterThan(1000)
  expect(zone).toBeUndefined()
})
