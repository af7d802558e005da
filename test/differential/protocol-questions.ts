// Questions about the protocol rather than about names: EDNS versions and options, ECS well and badly formed, opcodes,
// flags, classes, types that are no data, and packets that are damaged.
import { parseName, type Name } from '../../src/dns/name.ts'
import { parseType } from '../../src/dns/types.ts'
import { ADDRESS_COUNTS, TEXT_LENGTHS } from './made-zones.ts'
import { DO, encodeOpt, RD, u16, type Probe, type ProbeEdns, type ProbeOption } from './probe.ts'

/** Names whose answers are of every kind: data, NODATA, NXDOMAIN, alias, referral, not ours. */
const NAMES = [
  'plain.test',
  'www.plain.test',
  'only6.plain.test',
  'gone.plain.test',
  'c2.alias.test',
  'www.in.cuts.test',
  'www.example',
]

const OPTION_ECS = 8
const option = (code: number, ...data: number[]): ProbeOption => ({ code, data: Uint8Array.from(data) })

type Change = Partial<Pick<Probe, 'type' | 'class' | 'flags' | 'edns' | 'damage' | 'tags'>>

export function makeProtocolQuestions(): Probe[] {
  const changes = [
    ...versions(),
    ...options(),
    ...subnets(),
    ...opcodes(),
    ...flags(),
    ...classes(),
    ...types(),
    ...damages(),
  ]
  return [
    ...NAMES.flatMap((name) => changes.flatMap((change) => onBoth(name, change))),
    ...chaos().flatMap(([name, change]) => onBoth(name, change)),
    ...sizes().map(([name, change]) => onBoth(name, change)[0]!),
  ]
}

function onBoth(name: string, change: Change): Probe[] {
  return [false, true].map((stream) => ({
    ...{ name: parseName(name) as Name, type: 1, class: 1, flags: RD, stream, tags: ['protocol'] },
    ...change,
  }))
}

function versions(): Change[] {
  const sizes = [0, 511, 512, 513, 1232, 4096, 65535]
  const edns: ProbeEdns[] = [1, 2, 100, 255].flatMap((version) => [
    { size: 1232, version },
    { size: 512, version, flags: DO, options: [option(65001, 1)] },
  ])
  return [
    ...edns.map((edns) => ({ edns, tags: ['version'] })),
    ...sizes.map((size) => ({ edns: { size } })),
    // Flags that nobody has defined are ignored (RFC 6891 section 6.1.4).
    ...[DO, 0x4000, 0x7fff, 0xffff].map((flags) => ({ edns: { size: 1232, flags } })),
  ]
}

function options(): Change[] {
  const lists: ProbeOption[][] = [
    [option(65001)],
    [option(65001, 1, 2, 3), option(65002, ...new Array<number>(300).fill(7))],
    [option(65001), option(65001)],
    [option(3)],
    [option(5, 8, 13), option(6, 1), option(7, 1)],
    [option(9)],
    [option(10, 1, 2, 3, 4, 5, 6, 7, 8)],
    [option(11)],
    [option(12, 0, 0, 0, 0)],
    [option(13, 0)],
    [option(14, 0, 1)],
    [option(0), option(65535, 1)],
  ]
  const cookies = [1, 7, 9, 15, 41].map((length) => option(10, ...new Array<number>(length).fill(5)))
  return [
    ...lists.map((options) => ({ edns: { size: 1232, options }, tags: ['options'] })),
    ...cookies.map((cookie) => ({ edns: { size: 1232, options: [cookie] }, tags: ['bad-cookie'] })),
    { edns: { size: 1232, options: [option(11, 0, 100)] }, tags: ['bad-keepalive'] },
  ]
}

function subnets(): Change[] {
  const valid = [
    [0, 1, 24, 0, 192, 0, 2],
    [0, 1, 32, 0, 192, 0, 2, 1],
    [0, 1, 0, 0],
    [0, 1, 20, 0, 192, 0, 0x20],
    [0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0],
    [0, 2, 0, 0],
  ]
  const malformed = [
    [],
    [0, 1, 24],
    [0, 1, 24, 0, 192, 0],
    [0, 1, 24, 0, 192, 0, 2, 0],
    [0, 1, 33, 0, 192, 0, 2, 1, 0],
    [0, 2, 129, 0, ...new Array<number>(17).fill(0)],
    [0, 1, 20, 0, 192, 0, 0x2f],
    [0, 3, 8, 0, 1],
  ]
  const scoped = [
    [0, 1, 24, 24, 192, 0, 2],
    [0, 1, 0, 32],
  ]
  const edns = (data: number[]): ProbeEdns => ({ size: 1232, options: [option(OPTION_ECS, ...data)] })
  return [
    ...valid.map((data) => ({ edns: edns(data), tags: ['ecs'] })),
    ...malformed.map((data) => ({ edns: edns(data), tags: ['ecs-malformed'] })),
    ...scoped.map((data) => ({ edns: edns(data), tags: ['ecs-scoped'] })),
    { edns: edns([0, 0, 0, 0]), tags: ['ecs-family-0'] },
    {
      edns: { size: 1232, options: [option(OPTION_ECS, ...valid[0]!), option(OPTION_ECS, ...valid[1]!)] },
      tags: ['ecs-twice'],
    },
  ]
}

function opcodes(): Change[] {
  return [1, 2, 3, 4, 5, 6, 9, 15].flatMap((opcode) => [
    { flags: opcode << 11, type: 6, tags: [`opcode-${opcode}`] },
    { flags: (opcode << 11) | RD, type: 6, edns: { size: 1232 }, tags: [`opcode-${opcode}`] },
  ])
}

function flags(): Change[] {
  const bits = [0, 0x10, 0x20, 0x40, 0x80, 0x200, 0x400, 0x0f, 0x05f0]
  return [...bits.map((bit) => ({ flags: RD | bit, tags: ['flags'] })), { flags: 0x8000, tags: ['response'] }]
}

function classes(): Change[] {
  return [3, 4, 254, 255, 0, 2, 4711].flatMap((asked) => [
    { class: asked, tags: ['class'] },
    { class: asked, type: 16, edns: { size: 1232 }, tags: ['class'] },
  ])
}

function types(): Change[] {
  return [0, 41, 128, 249, 250, 251, 252, 253, 254, 65535].flatMap((type) => [
    { type, tags: ['meta-type'] },
    { type, edns: { size: 1232 }, tags: ['meta-type'] },
  ])
}

function chaos(): [string, Change][] {
  const names = [
    'version.bind',
    'version.server',
    'hostname.bind',
    'id.server',
    'authors.bind',
    'VERSION.bind',
    'x.version.bind',
    'bind',
    'other.name',
  ]
  return names.flatMap((name): [string, Change][] =>
    ['TXT', 'A', 'ANY', 'SOA'].map((type) => [name, { class: 3, type: parseType(type)!, tags: ['chaos'] }]),
  )
}

/** RRsets of big.test on both sides of every limit, over UDP. */
function sizes(): [string, Change][] {
  const labels = [...ADDRESS_COUNTS.map((count) => `a${count}`), ...TEXT_LENGTHS.map((length) => `t${length}`)]
  return labels.flatMap((label): [string, Change][] =>
    [undefined, 512, 1231, 1232, 4096].map((size) => [
      `${label}.big.test`,
      { type: label.startsWith('a') ? 1 : 16, ...(size !== undefined && { edns: { size } }) },
    ]),
  )
}

/** Changes of the bytes. Counts stand at 4 (questions), 6 (answers), 8 (authority) and 10 (additional). */
function damages(): Change[] {
  const set = (at: number, value: number) => (packet: number[]) => void packet.splice(at, 2, ...u16(value))
  const add =
    (...bytes: number[]) =>
    (packet: number[]) =>
      void packet.push(...bytes)
  const both =
    (...damages: ((packet: number[]) => void)[]) =>
    (packet: number[]) =>
      damages.forEach((damage) => damage(packet))
  const opt = encodeOpt({ size: 1232 })
  const cookie = encodeOpt({ size: 1232, options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8)] })
  const a = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]
  const named = (tag: string, damage: (packet: number[]) => void): Change => ({ damage, tags: ['damaged', tag] })
  return [
    named('no-question', (packet) => void packet.splice(4, packet.length, ...new Array<number>(8).fill(0))),
    named('no-question-opt', (packet) => void packet.splice(4, packet.length, 0, 0, 0, 0, 0, 0, 0, 1, ...opt)),
    named('no-question-cookie', (packet) => void packet.splice(4, packet.length, 0, 0, 0, 0, 0, 0, 0, 1, ...cookie)),
    named('two-questions', set(4, 2)),
    named(
      'two-whole-questions',
      both(set(4, 2), (packet) => void packet.push(...packet.slice(12))),
    ),
    named('answer-count', set(6, 1)),
    named('answer-present', both(set(6, 1), add(...a))),
    named('authority-count', set(8, 1)),
    named('authority-present', both(set(8, 1), add(...a))),
    named('additional-count', set(10, 1)),
    named('additional-present', both(set(10, 1), add(...a))),
    named('additional-before-opt', both(set(10, 2), add(...a, ...opt))),
    named('two-opts', both(set(10, 2), add(...opt, ...opt))),
    named('opt-with-name', both(set(10, 1), add(1, 0x61, ...opt))),
    named('opt-cut-short', both(set(10, 1), add(...opt.slice(0, -2)))),
    named('opt-data-missing', both(set(10, 1), add(...opt.slice(0, -2), 0, 5))),
    named('option-cut-short', both(set(10, 1), add(...opt.slice(0, -2), 0, 3, 0, 8, 0))),
    named('option-too-long', both(set(10, 1), add(...opt.slice(0, -2), 0, 4, 0, 8, 0, 9))),
    named('trailing-bytes', add(0, 0, 0)),
    named('question-cut-short', (packet) => void packet.splice(-2)),
    named('name-cut-short', (packet) => void packet.splice(16)),
    named('label-too-long', (packet) => void packet.splice(12, 1, 64)),
    named('pointer-to-self', (packet) => void packet.splice(12, packet.length, 0xc0, 12, 0, 1, 0, 1)),
    named('pointer-forward', (packet) => void packet.splice(12, packet.length, 0xc0, 20, 0, 1, 0, 1, 0, 0)),
    named('pointer-to-header', (packet) => void packet.splice(12, packet.length, 0xc0, 4, 0, 1, 0, 1)),
    named(
      'name-too-long',
      (packet) =>
        void packet.splice(12, 0, ...new Array<number[]>(4).fill([63, ...new Array<number>(63).fill(0x61)]).flat()),
    ),
    named('header-only', (packet) => void packet.splice(12)),
  ]
}
