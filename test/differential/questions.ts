// The questions, made from the zones and a seed: every owner and the names below, above and beside it, times the types,
// each asked in some way (UDP or TCP, payload size, DO, flags, case), chosen by chance that can be repeated.
import { seededRandom, type Random } from '../../src/base/random.ts'
import { formatName, labelsOf, MAX_NAME_BYTES, nameLength, parentOf, parseName, type Name } from '../../src/dns/name.ts'
import { parseType, TYPE } from '../../src/dns/types.ts'
import { parseZone } from '../support/query-worker.ts'
import { pick, type TestZone } from './made-zones.ts'
import { DO, RD, type Probe, type ProbeEdns } from './probe.ts'

const TYPES = [
  ...['A', 'AAAA', 'NS', 'SOA', 'CNAME', 'MX', 'TXT', 'DS', 'DNAME', 'SRV', 'ANY', 'HTTPS', 'PTR', 'NAPTR', 'CAA'],
  ...['DNSKEY', 'NSEC', 'RRSIG', 'TYPE65280', 'TYPE65400', 'TYPE1234'],
].map((type) => parseType(type)!)

const SIZES = [undefined, undefined, 0, 512, 1232, 1232, 4096, 65535]
/** RD, AD, CD, Z and none, as askers set them. */
const FLAGS = [0, RD, RD, RD, RD | 0x20, RD | 0x10, 0x40, 0x30]

/** A name with the types that are asked of it. */
interface Subject {
  readonly name: Name
  readonly types: readonly number[]
}

/**
 * Every RRset of the zones, A of every owner (which follows aliases), and `count` of all other questions that their names
 * allow; the same for the same seed.
 */
export function makeQuestions(zones: readonly TestZone[], seed: number, count: number): Probe[] {
  const random = seededRandom(seed)
  const owners = zones.flatMap(ownersOf)
  const others = namesAround(owners).map((name) => ({ name, types: TYPES }))
  const asked = [...pairs(owners.map(withA)), ...shuffle(pairs(others), random).slice(0, count)]
  return asked.map(([name, type]) => makeQuestion(name, type, random))
}

/** Every RRset of the zones, its owner's A, and a name below each owner; over TCP, so that nothing is truncated. */
export function makePlainQuestions(zones: readonly TestZone[]): Probe[] {
  const owners = zones.flatMap(ownersOf)
  const below = owners.map(({ name }) => ({ name: prefixed(['zz'], name), types: [TYPE.A] }))
  return pairs([...owners.map(withA), ...below.filter(({ name }) => name.length <= MAX_NAME_BYTES)]).map(
    ([name, type]): Probe => ({
      name,
      type,
      class: 1,
      flags: RD,
      stream: true,
      tags: [],
    }),
  )
}

function withA({ name, types }: Subject): Subject {
  return { name, types: [...new Set([TYPE.A, ...types])] }
}

function pairs(subjects: readonly Subject[]): [Name, number][] {
  return subjects.flatMap(({ name, types }) => types.map((type): [Name, number] => [name, type]))
}

function makeQuestion(name: Name, type: number, random: Random): Probe {
  const size = pick(random, SIZES)
  return {
    name: mixCase(name, random),
    type,
    class: 1,
    flags: pick(random, FLAGS),
    ...(size !== undefined && { edns: { size, flags: random() < 0.3 ? DO : 0 } satisfies ProbeEdns }),
    stream: random() < 0.2,
    tags: [],
  }
}

/** The names of a zone, empty non-terminals too, with the types that stand there. */
function ownersOf({ origin, text }: TestZone): Subject[] {
  const { nodes, rrsets } = parseZone(origin === '.' ? 'root' : origin.slice(0, -1), text)
  return Array.from({ length: nodes.count }, (_, node) => ({
    name: nodes.names.slice(nodes.name[node], nodes.name[node]! + nameLength(nodes.names, nodes.name[node])),
    types: [...rrsets.type.subarray(nodes.firstRrset[node], nodes.firstRrset[node + 1])],
  }))
}

/** All names asked, each once. */
function namesAround(owners: readonly Subject[]): Name[] {
  const names = new Map<string, Name>()
  for (const name of owners.flatMap((owner) => around(owner.name))) {
    if (name.length <= MAX_NAME_BYTES) names.set(formatName(name), name)
  }
  for (const text of ['.', 'test.', 'example.', 'www.example.', 'outside.test.', 'xx.', 'a.xx.']) {
    names.set(text, parseName(text) as Name)
  }
  return [...names.values()]
}

/** The owner, two names below it, its wildcard, one beside it, and the one above. */
function around(owner: Name): Name[] {
  const up = parentOf(owner)
  const below = [['zz'], ['y', 'zz'], ['*'], ['a'], ['*', 'zz']].map((labels) => prefixed(labels, owner))
  return [owner, ...below, ...(up ? [up, prefixed(['zz'], up), prefixed(labelStart(owner), up)] : [])]
}

/** The first label with a letter more: the next name in canonical order, nearly. */
function labelStart(owner: Name): string[] {
  const label = String.fromCharCode(...labelsOf(owner)[0]!)
  return [label.length < 63 ? `${label}0` : label.slice(1)]
}

function prefixed(labels: readonly string[], name: Name): Name {
  const bytes = labels.flatMap((label) => [label.length, ...Array.from(label, (c) => c.charCodeAt(0))])
  return Uint8Array.from([...bytes, ...name])
}

/** One name in three is asked in mixed case, as resolvers do that want to be hard to spoof. */
function mixCase(name: Name, random: Random): Name {
  if (random() < 0.67) return name
  return name.map((byte) => (byte >= 0x61 && byte <= 0x7a && random() < 0.5 ? byte - 0x20 : byte))
}

function shuffle<Value>(values: readonly Value[], random: Random): Value[] {
  const shuffled = [...values]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const value = shuffled[i]!
    shuffled[i] = shuffled[j]!
    shuffled[j] = value
  }
  return shuffled
}
