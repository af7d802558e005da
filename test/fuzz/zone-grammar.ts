// Master files as a person, a careless program or an enemy would write them: lines that are mostly right, with a word, a
// line or some bytes wrong.
import { READ_TYPES, UNREAD_TYPES } from './all-types.ts'
import type { Dice } from './dice.ts'
import { mutate } from './mutate.ts'

/** The file that texts may include, beside the one that is fuzzed. */
export const INCLUDED = {
  path: '/zones/part',
  text: 'part IN TXT "included"\n$ORIGIN deeper\n@ IN A 192.0.2.9\n  IN A 192.0.2.10\n',
}
export const SERVICES: ReadonlySet<string> = new Set(['web'])

const MAX_TEXT_BYTES = 16_384

const HEADS = [
  '$TTL 3600\n@ IN SOA ns1 hostmaster 7 7200 1800 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n',
  '@ 1h IN SOA ns.other.test. h.other.test. (\n  1 ; serial\n  2h 30m 2w 5m )\n  NS ns.other.test.\n',
  '$ORIGIN test.\nfuzz 60 SOA . . 0 0 0 0 4294967295\n\tNS .\n',
]
const OWNERS = [
  '@',
  'www',
  'a',
  'a.b.c',
  '*',
  '*.w',
  'sub',
  'ns.sub',
  'x.d',
  'd',
  'WWW',
  '_25._tcp',
  'a\\.b',
  '\\000',
  '\\032\\"\\;\\(\\255',
  '',
]
const ODD_OWNERS = [
  'out.test.',
  'fuzz.test.',
  '.',
  'a..b',
  'x'.repeat(64),
  'y.'.repeat(125) + 'y',
  '*.*',
  '"quoted"',
  '\\999',
]
const TTLS = ['60', '0', '1h30m', '2147483647', '1w2d3h4m5s']
const ODD_TTLS = ['2147483648', '-1', '99999999999', '1h30', '1x']
const CLASSES = ['in', 'CH', 'CLASS1', 'CLASS255']
const RECORDS = [
  ...READ_TYPES,
  'NS ns1',
  'NS ns.sub',
  'CNAME www',
  'CNAME a.b.c',
  'DNAME d2',
  'DNAME other.test.',
  'DS 1 8 2 00',
  'LB web',
  'ALIAS host.example.net.',
  'A 192.0.2.2',
  'AAAA ::ffff:1.2.3.4',
  'TXT ( "a"\n "b" ; comment\n )',
  `TXT "${'t'.repeat(255)}"`,
  `TXT ${'"x" '.repeat(300)}`,
  'A \\# 4 c0000201',
  'TYPE1 \\# 4 01020304',
  'TYPE65535 \\# 2 00ff',
]
const MANY: readonly ((dice: Dice) => string)[] = [
  (dice) => `A 192.0.2.${dice.below(256)}`,
  (dice) => `MX ${dice.below(65536)} m${dice.below(9)}`,
  (dice) => `TXT "${escapeAll(dice)}" ${'x'.repeat(dice.below(300))}`,
]
const ODD_RECORDS = [
  ...UNREAD_TYPES,
  'LB nobody',
  'SOA ns h 1 2 3 4 5',
  'A 300.0.2.2',
  `TXT "${'t'.repeat(256)}"`,
  'A \\# 3 c00002',
  'MX \\# 3 000a00',
  'TYPE41 \\# 0',
  'TYPE255 \\# 0',
  'TYPE0 \\# 0',
  'OPT \\# 0',
  'ANY x',
]
const DIRECTIVES = ['$TTL 1d', '$ORIGIN sub', '$ORIGIN fuzz.test.', '$INCLUDE part', '$INCLUDE part inc']
const ODD_DIRECTIVES = [
  '$TTL x',
  '$ORIGIN .',
  '$ORIGIN',
  '$INCLUDE fuzz.test.zone',
  '$INCLUDE nothing',
  '$GENERATE 1-10 a$ A 192.0.2.$',
  '$UNKNOWN',
]
const WORDS = [
  '(',
  ')',
  '"',
  ';',
  '\\',
  '\\#',
  '@',
  '$',
  '*',
  '.',
  '0',
  '-1',
  '65536',
  '4294967296',
  '\\256',
  '\0',
  '\xff',
  '1h',
  'IN',
  'A',
  'TYPE65536',
]
const BYTE_ORDER_MARK = '\xef\xbb\xbf'

export function makeZone(dice: Dice): Uint8Array {
  let text = dice.chance(1) ? BYTE_ORDER_MARK : ''
  if (dice.chance(98)) text += dice.pick(HEADS)
  for (let left = 1 + dice.below(12); left > 0; left--) text += `${makeLine(dice)}${dice.chance(95) ? '\n' : '\r\n'}`
  return Buffer.from(text, 'latin1').subarray(0, MAX_TEXT_BYTES)
}

/** Most owners are their own, so that what stands at one name may well be right; others have many records. */
function makeLine(dice: Dice, odd = 3): string {
  if (dice.chance(6)) return dice.pick(dice.chance(odd) ? ODD_DIRECTIVES : DIRECTIVES)
  const line = [
    dice.chance(60) ? `n${dice.below(1000)}` : dice.pick(dice.chance(odd) ? ODD_OWNERS : OWNERS),
    dice.chance(80) ? '' : dice.pick(dice.chance(odd) ? ODD_TTLS : TTLS),
    dice.chance(95) ? '' : dice.pick(dice.chance(odd) ? CLASSES : ['IN']),
    dice.pick(dice.chance(odd) ? ODD_RECORDS : RECORDS),
  ].join(' ')
  const more = dice.chance(10) ? makeMore(dice) : ''
  return (dice.chance(odd) ? replaceWord(line, dice) : line) + more
}

/** More records of the owner before, all of one type. */
function makeMore(dice: Dice): string {
  const make = dice.pick(MANY)
  return Array.from({ length: 1 + dice.below(9) }, () => `\n ${make(dice)}`).join('')
}

/** Changes words, lines, or bytes of a text. */
export function changeZone(text: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  const kind = dice.below(10)
  if (kind < 3) return mutate(text, other, dice, MAX_TEXT_BYTES)
  const lines = Buffer.from(text).toString('latin1').split('\n')
  const at = dice.below(lines.length)
  if (kind < 6) lines[at] = replaceWord(lines[at]!, dice)
  else if (kind < 7) lines.splice(at, 1)
  else if (kind < 8) lines.splice(at, 0, makeLine(dice, 30))
  else if (kind < 9) lines.splice(at, 0, dice.pick(Buffer.from(other).toString('latin1').split('\n')))
  else lines.splice(at, 0, ...lines.slice(dice.below(lines.length)))
  return Buffer.from(lines.join('\n'), 'latin1').subarray(0, MAX_TEXT_BYTES)
}

/** Bytes of a string, each written as its number. */
function escapeAll(dice: Dice): string {
  return Array.from({ length: dice.below(5) }, () => `\\${String(dice.below(256)).padStart(3, '0')}`).join('')
}

function replaceWord(line: string, dice: Dice): string {
  const words = line.split(' ')
  words[dice.below(words.length)] = dice.pick(dice.pick([WORDS, WORDS, ODD_TTLS, OWNERS, ODD_OWNERS, RECORDS]))
  return words.join(' ')
}
