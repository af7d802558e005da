// Packets as a client, a scanner or an attacker would build them: most are nearly right, and each part is sometimes wrong.
import { Writer } from '../../src/dns/writer.ts'
import type { Dice } from './dice.ts'
import type { PacketCase } from './packet-case.ts'
import type { Scene } from './scenes.ts'

const TYPES = [
  1, 28, 15, 16, 2, 5, 6, 39, 43, 65, 64, 255, 12, 33, 35, 46, 47, 48, 50, 52, 256, 257, 13, 29, 99, 251, 252,
]
const STRANGE_TYPES = [0, 41, 249, 250, 253, 254, 65280, 65535]
const CLASSES = [3, 255, 254, 4, 0, 2, 65535]
const LIMITS = [1232, 1232, 1232, 65535, 65535, 512, 4096]
const CLIENTS = ['192.0.2.53', '10.0.0.0', '127.0.0.1', '255.255.255.255', '2001:db8::53', '::']
const PAYLOADS = [1232, 4096, 512, 511, 0, 1, 513, 600, 1400, 65535]
const CHAOS_NAMES = ['version.bind', 'id.server', 'hostname.bind', 'version.server', 'authors.bind', 'bind'].map(
  wireName,
)
const LABELS = ['*', 'a', 'www', 'ns', 'x', '_tcp', '\0', '\xff.\\', 'A'.repeat(63), 'z'.repeat(32)].map((text) =>
  Uint8Array.of(text.length, ...Buffer.from(text, 'latin1')),
)
const POINTERS = [0xc00c, 0xc000, 0xc00b, 0xc01c, 0xffff, 0xc0ff, 0x8001, 0x4001]
const TYPE_OPT = 41
const MAX_NAME_BYTES = 255

/** What makes packets: it is told the cookies that it gets, so that it can come back with them. */
export interface PacketMaker {
  readonly dice: Dice
  readonly scenes: readonly Scene[]
  readonly out: Writer
  /** The last cookie that an answer carried, if one did. */
  cookie: Uint8Array
}

export function createPacketMaker(dice: Dice, scenes: readonly Scene[]): PacketMaker {
  return { dice, scenes, out: new Writer(4096), cookie: new Uint8Array(24) }
}

export function makePacket(maker: PacketMaker): PacketCase {
  const { dice, out } = maker
  const scene = dice.pick(maker.scenes)
  out.rollBack(0)
  const additionals = dice.chance(60) ? (dice.chance(95) ? 1 : dice.below(4)) : 0
  writeHeader(maker, additionals)
  writeQuestion(maker, scene)
  if (dice.chance(3)) writeRecord(maker)
  for (let left = additionals; left > 0; left--) {
    if (dice.chance(95)) writeOpt(maker)
    else writeRecord(maker)
  }
  if (dice.chance(2)) out.copy(dice.pick(LABELS))
  return { scene: scene.name, limit: dice.pick(LIMITS), client: dice.pick(CLIENTS), packet: out.slice() }
}

function writeHeader({ dice, out }: PacketMaker, additionals: number): void {
  out.u16(dice.below(0x10000))
  out.u16(dice.chance(85) ? (dice.chance(50) ? 0x0100 : 0x0000) : dice.below(dice.chance(80) ? 0x8000 : 0x10000))
  out.u16(dice.chance(97) ? 1 : dice.pick([0, 2, 0xffff]))
  out.u16(lyingCount(dice, 0))
  out.u16(lyingCount(dice, 0))
  out.u16(lyingCount(dice, additionals))
}

function lyingCount(dice: Dice, count: number): number {
  return dice.chance(98) ? count : dice.pick([0, 1, 2, 0x100, 0xffff])
}

function writeQuestion(maker: PacketMaker, { names }: Scene): void {
  const { dice, out } = maker
  const isChaos = dice.chance(4)
  writeName(maker, isChaos ? CHAOS_NAMES : names)
  out.u16(isChaos ? dice.pick([16, 255, 1]) : pickType(dice))
  out.u16(isChaos ? 3 : dice.chance(96) ? 1 : dice.pick(CLASSES))
}

function pickType(dice: Dice): number {
  if (dice.chance(92)) return dice.pick(TYPES)
  return dice.chance(50) ? dice.pick(STRANGE_TYPES) : dice.below(0x10000)
}

function writeName(maker: PacketMaker, names: readonly Uint8Array[]): void {
  const { dice, out } = maker
  const base = names.length > 0 && dice.chance(97) ? dice.pick(names) : dice.pick(CHAOS_NAMES)
  const start = out.length
  let from = 0
  while (base[from] !== 0 && dice.chance(12)) from += base[from]! + 1
  if (dice.chance(30)) writeLabels(maker, base.length - from)
  out.copy(base, from)
  if (dice.chance(25)) mixCase(dice, out, start)
  if (dice.chance(2)) spoilName(dice, out, start)
}

/** A few labels before a name of `rest` bytes, sometimes as many as fit, sometimes one more. */
function writeLabels({ dice, out }: PacketMaker, rest: number): void {
  const label = dice.pick(LABELS)
  const room = Math.floor((MAX_NAME_BYTES - rest) / label.length)
  const count = dice.chance(70) ? 1 : dice.chance(40) ? 1 + dice.below(3) : Math.max(room, 0) + dice.below(2)
  for (let left = count; left > 0; left--) out.copy(dice.chance(90) ? label : dice.pick(LABELS))
}

function mixCase(dice: Dice, out: Writer, start: number): void {
  for (let at = start; at < out.length; at++) {
    const byte = out.bytes[at]!
    if (byte >= 0x61 && byte <= 0x7a && dice.chance(50)) out.bytes[at] = byte - 0x20
  }
}

/** Ends a name otherwise than by its root: by a pointer, by nothing, or by a label that is none. */
function spoilName(dice: Dice, out: Writer, start: number): void {
  out.rollBack(start + dice.below(out.length - start))
  if (dice.chance(70)) out.u16(dice.pick(POINTERS))
}

/** Some record that is no OPT: cut-off, signed or compressed. */
function writeRecord(maker: PacketMaker): void {
  const { dice, out } = maker
  if (dice.chance(70)) out.u16(dice.pick(POINTERS))
  else out.u8(0)
  out.u16(dice.pick([1, 5, 250, 41, 65535]))
  out.u16(dice.pick([1, 255]))
  out.u32(0)
  const length = dice.below(20)
  out.u16(dice.chance(90) ? length : dice.pick([0, 1, 0xffff]))
  for (let left = length; left > 0; left--) out.u8(dice.below(256))
}

function writeOpt(maker: PacketMaker): void {
  const { dice, out } = maker
  out.copy(dice.chance(98) ? Uint8Array.of(0) : dice.pick(LABELS))
  out.u16(TYPE_OPT)
  out.u16(dice.pick(PAYLOADS))
  out.u8(dice.chance(98) ? 0 : dice.below(256))
  out.u8(dice.chance(96) ? 0 : dice.below(256))
  out.u16(dice.chance(90) ? dice.pick([0, 0x8000]) : dice.below(0x10000))
  const lengthAt = out.length
  out.u16(0)
  for (let left = dice.pick([0, 0, 1, 1, 1, 2, 3, 6]); left > 0; left--) writeOption(maker)
  const length = out.length - lengthAt - 2
  patch(out, lengthAt, dice.chance(98) ? length : length + dice.pick([-1, 1, 0x100]))
}

function writeOption(maker: PacketMaker): void {
  const { dice, out } = maker
  const option = dice.pick(OPTIONS)
  out.u16(option.code)
  const lengthAt = out.length
  out.u16(0)
  option.write(maker)
  const length = out.length - lengthAt - 2
  patch(out, lengthAt, dice.chance(98) ? length : dice.pick([0, length - 1, length + 1, 0xffff]))
}

interface Option {
  readonly code: number
  readonly write: (maker: PacketMaker) => void
}

const nothingMostly: Option['write'] = ({ dice, out }) => {
  if (dice.chance(10)) out.u16(dice.below(0x10000))
}

const OPTIONS: readonly Option[] = [
  { code: 8, write: writeSubnet },
  { code: 8, write: writeSubnet },
  { code: 10, write: writeCookie },
  { code: 3, write: nothingMostly },
  { code: 11, write: nothingMostly },
  { code: 12, write: ({ dice, out }) => out.copy(new Uint8Array(dice.pick([0, 1, 12, 128, 468, 1400]))) },
  { code: 15, write: ({ dice, out }) => out.u16(dice.below(30)) },
  { code: 65001, write: ({ dice, out }) => out.copy(new Uint8Array(dice.below(40))) },
  { code: 9, write: nothingMostly },
]

function writeSubnet({ dice, out }: PacketMaker): void {
  const family = dice.chance(95) ? 1 + dice.below(2) : dice.pick([0, 3, 0x101])
  const most = family === 1 ? 32 : 128
  const source = dice.chance(95) ? dice.pick([0, 24, 32, most, dice.below(most + 1)]) : most + 1
  out.u16(family)
  out.u8(source)
  out.u8(dice.chance(95) ? 0 : dice.below(256))
  const bytes = ((source + 7) >> 3) + (dice.chance(97) ? 0 : dice.pick([-1, 1]))
  for (let i = 0; i < bytes; i++) out.u8(dice.pick([0x0a, 0x20, 0xc0, 0x00, 0xff, dice.below(256)]))
  const stray = source & 7
  if (stray !== 0 && bytes > 0 && dice.chance(95)) out.bytes[out.length - 1]! &= 0xff << (8 - stray)
}

function writeCookie({ dice, out, cookie }: PacketMaker): void {
  const kind = dice.below(10)
  if (kind < 4) out.copy(cookie)
  else if (kind < 7) out.copy(cookie, 0, 8)
  else for (let left = dice.pick([8, 16, 24, 32, 40, 41, 7, 9, 0]); left > 0; left--) out.u8(dice.below(256))
}

function patch({ bytes }: Writer, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function wireName(text: string): Uint8Array {
  const labels = text.split('.').flatMap((label) => [label.length, ...Buffer.from(label)])
  return Uint8Array.of(...labels, 0)
}
