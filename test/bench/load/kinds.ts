// Kinds of queries: as messages one after the other, each behind two bytes of length, which is what dnsperf (-B) and
// open-loop.ts read.
import { buildQuery, type Query } from '../../support/message.ts'
import { nameOfMillion, type Subject } from './sites.ts'

export interface Kind {
  readonly name: string
  readonly subjects: readonly Subject[]
  /** The queries, in the order in which they are asked; then they begin anew. */
  readonly queries: (count: number) => readonly Query[]
  /** How many there are, of a whole run and of a quick one. */
  readonly counts: readonly [number, number]
}

const SMALL: readonly Subject[] = ['ours', 'ours, two workers', 'gdnsd', 'knot', 'pdns']

export const KINDS: readonly Kind[] = [
  { name: 'static name', subjects: SMALL, counts: [1, 1], queries: () => [ask('static')] },
  { name: 'weighted service', subjects: SMALL, counts: [1, 1], queries: () => [ask('www')] },
  {
    name: 'nearest, random ECS',
    subjects: ['ours', 'ours, two workers', 'gdnsd', 'knot'],
    counts: [1_000_000, 20_000],
    queries: (count) =>
      Array.from({ length: count }, (_, i) => ({ ...ask('near'), edns: { clientSubnet: subnetOf(i) } })),
  },
  { name: 'NXDOMAIN', subjects: SMALL, counts: [1000, 1000], queries: missing },
  {
    name: 'a mix',
    subjects: SMALL,
    counts: [1000, 1000],
    queries: (count) => missing(count).map((query, i) => MIX[i % MIX.length] ?? query),
  },
  {
    name: 'one of a million names',
    subjects: ['ours, million', 'gdnsd, million', 'knot, million'],
    counts: [1_000_000, 20_000],
    queries: (count) => Array.from({ length: count }, (_, i) => ({ name: nameOfMillion(scatter(i)), type: 'A' })),
  },
]

/** Of ten queries four are for the service, three for a static name, and one each for AAAA, NS and what is not there. */
const MIX: readonly (Query | undefined)[] = [
  ...['www', 'static', 'www', 'static', 'www', 'static', 'www'].map((name) => ask(name)),
  ask('www', 'AAAA'),
  { name: 'example.com', type: 'NS' },
  undefined,
]

export function writeQueries(queries: readonly Query[]): Buffer {
  return Buffer.concat(
    queries.flatMap((query) => {
      const message = buildQuery(query)
      return [Buffer.of(message.length >> 8, message.length & 255), message]
    }),
  )
}

function ask(label: string, type = 'A'): Query {
  return { name: `${label}.example.com`, type }
}

function missing(count: number): Query[] {
  return Array.from({ length: count }, (_, i) => ask(`nope${i}`))
}

/** Numbers in no order, none twice within 2³². */
function scatter(i: number): number {
  return Math.imul(i + 1, 0x9e3779b1) >>> 0
}

function subnetOf(i: number): { readonly address: string; readonly source: number } {
  const bits = scatter(i)
  return { address: `${1 + ((bits >>> 24) % 223)}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.0`, source: 24 }
}
