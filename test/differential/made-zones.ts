// Zones made by the program: one of RRsets that do not fit, one of names as long as names can be, and random ones, whose
// wildcards, cuts, aliases and DNAMEs meet in ways that nobody would think of.
import { seededRandom, type Random } from '../../src/base/random.ts'

export interface TestZone {
  /** With the final dot. */
  readonly origin: string
  readonly text: string
}

const LABEL = 63
const NAME_TEXT = 253

/** Records at the names a25, a26 … of big.test: answers of 16 bytes each. */
export const ADDRESS_COUNTS = [25, 26, 27, 28, 29, 30, 31, 32, 70, 71, 72, 73, 74, 75, 76, 77, 200, 4000]

/** Bytes of text at the names t400 … of big.test. */
export const TEXT_LENGTHS = [400, 456, 457, 458, 459, 467, 468, 469, 470, 1100, 1175, 1176, 1177, 1178, 5000, 60_000]

/** RRsets around 512 and 1232 bytes, far beyond both, and near the 65,535 of a message; referrals that do not fit. */
export function bigZone(): TestZone {
  const lines: string[] = []
  for (const count of ADDRESS_COUNTS) {
    lines.push(...times(count, (i) => `a${count} IN A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))
  }
  for (const length of TEXT_LENGTHS) lines.push(`t${length} IN TXT ${texts(length)}`)
  for (const count of [8, 20, 40]) {
    lines.push(...times(count, (i) => `m${count} IN MX ${i} mail${i}.exchange.big.test.`))
    lines.push(...times(count, (i) => `n${count} IN NS ns${i}.servers.example.`))
    lines.push(...times(count, (i) => `g${count} IN NS ns${i}.g${count}`))
    lines.push(...times(count, (i) => `ns${i}.g${count} IN A 10.1.1.${i}`))
    lines.push(...times(count, (i) => `ns${i}.g${count} IN AAAA 2001:db8::${i}`))
    lines.push(...times(count, (i) => `s${count} IN NS ns${i}.g${count}`))
    lines.push(...times(count, (i) => `srv${count} IN SRV ${i} 0 443 host${i}.servers.big.test.`))
  }
  lines.push(...times(30, (i) => `all IN ${['A 10.2.2.', 'AAAA 2001:db8::', 'TXT text'][i % 3]!}${i}`))
  lines.push('to-a200 IN CNAME a200', 'to-t1200 IN CNAME t1200', '*.wild IN CNAME a77', 'd IN DNAME big.test.')
  return { origin: 'big.test.', text: zoneText('big.test.', lines) }
}

/** Owners of 255 bytes, labels of 63, and as many labels as fit. */
export function longNamesZone(): TestZone {
  const origin = 'long.test.'
  const room = NAME_TEXT - origin.length
  const label = (letter: string, length = LABEL): string => letter.repeat(length)
  const three = `${label('a')}.${label('b')}.${label('c')}`
  const fullest = `${three}.${label('d', room - three.length - 1)}`
  const many = times(room >> 1, () => 'x').join('.')
  const lines = [
    `${label('l')} IN A 192.0.2.170`,
    `${three} IN A 192.0.2.171`,
    `${fullest} IN A 192.0.2.172`,
    `${many} IN A 192.0.2.173`,
    `*.${label('w')}.${label('v')} IN A 192.0.2.174`,
    `${label('n')} IN NS ${label('s')}.${label('n')}`,
    `${label('s')}.${label('n')} IN A 192.0.2.175`,
    `alias IN CNAME ${fullest}`,
    `mx IN MX 10 ${fullest}`,
    `to IN DNAME ${three}`,
    `by-one IN DNAME ${fullest.slice(2)}`,
  ]
  return { origin, text: zoneText(origin, lines) }
}

/** Zones of random names over few labels; two of them are delegated by others. */
export function randomZones(seed: number): TestZone[] {
  const origins = ['r1.test.', 'r2.test.', 'r3.test.', 'r4.test.', 'r5.test.', 'k.r1.test.', 'k.k.r2.test.']
  return origins.map((origin, i) => {
    const random = seededRandom(seed * 100 + i)
    const children = origins
      .filter((child) => child.endsWith(`.${origin}`))
      .map((child) => `${child} IN NS ns1.plain.test.`)
    return { origin, text: zoneText(origin, [...children, ...randomLines(origin, origins, random)]) }
  })
}

const LABELS = ['a', 'b', 'c', '*', 'd']
const OWNERS = 70
const DS = `DS 1 13 1 ${'ab'.repeat(20)}`

function randomLines(origin: string, origins: readonly string[], random: Random): string[] {
  const names = new Set(times(OWNERS, () => randomName(random, 1 + Math.floor(random() * 4))))
  const byDepth = [...names].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  const moved: string[] = []
  return byDepth.flatMap((owner) => {
    // Nothing may stand below a DNAME (RFC 6672 §2.4).
    if (moved.some((dname) => owner.endsWith(`.${dname}`))) return []
    const target = (): string => {
      const zone = random() < 0.7 ? origin : pick(random, [...origins, 'plain.test.', 'example.'])
      return random() < 0.1 ? zone : `${randomName(random, 1 + Math.floor(random() * 4)).replaceAll('*', 'e')}.${zone}`
    }
    const records = randomRecords(owner, random, target)
    if (records.some(([, rdata]) => rdata.startsWith('DNAME'))) moved.push(owner)
    const ttl = 60 + Math.floor(random() * 4)
    return records.map(([name, rdata]) => `${name} ${ttl} IN ${rdata}`)
  })
}

/** The records of one owner, and the glue below it. */
function randomRecords(owner: string, random: Random, target: () => string): [string, string][] {
  const address = (): string => `A 10.0.0.${Math.floor(random() * 256)}`
  const sometimes = (rdata: () => string): string[] => (random() < 0.3 ? [rdata()] : [])
  const own = (...rdatas: string[]): [string, string][] => rdatas.map((rdata) => [owner, rdata])
  const isWild = owner.startsWith('*')
  const chance = random()
  if (chance < 0.2) return own(`CNAME ${target()}`)
  if (chance < 0.3 && !isWild) return own(`DNAME ${target()}`, ...sometimes(address))
  if (chance < 0.5 && !isWild) {
    const others = [...sometimes(() => `NS ${target()}`), ...sometimes(() => DS), ...sometimes(address)]
    return [
      ...own(`NS ns.${owner}`, ...others),
      ...sometimes(address).map((rdata): [string, string] => [`ns.${owner}`, rdata]),
    ]
  }
  if (chance < 0.8) return own(address(), ...sometimes(() => `TXT "${owner}"`))
  return own(`MX 1 ${target()}`)
}

function randomName(random: Random, labels: number): string {
  return times(labels, () => pick(random, LABELS)).join('.')
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)]!
}

export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

function texts(length: number): string {
  return times(Math.ceil(length / 256), (i) => `"${'t'.repeat(Math.min(255, length - i * 256 - 1))}"`).join(' ')
}

function zoneText(origin: string, lines: readonly string[]): string {
  const top = [
    `$ORIGIN ${origin}`,
    '$TTL 3600',
    '@ IN SOA ns1.plain.test. hostmaster.plain.test. 1 7200 1800 1209600 300',
    '@ IN NS ns1.plain.test.',
  ]
  return `${[...top, ...lines].join('\n')}\n`
}
