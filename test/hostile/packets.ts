// Messages that no honest client sends, each kind made to hurt another step of reading: what a datagram or a stream carries.
import { buildQuery } from '../support/message.ts'

const HEADER_BYTES = 12
const MAX_COUNT = 0xffff

export type MakePacket = (round: number) => Uint8Array

/** A number below `below`, as good as random and the same in every run. */
export function scatter(round: number, below: number): number {
  return (Math.imul(round ^ (round >>> 15), 0x2c1b3c6d) % below) & MAX_COUNT
}

/** Any bytes, of any length from none to more than a query has. */
export const noise: MakePacket = (round) =>
  Uint8Array.from({ length: round % 600 }, (_, i) => scatter(round * 613 + i, 256))

/** A sound question under each of all possible flags and opcodes, responses among them. */
export const headers: MakePacket = (round) => withWord(question('www'), 2, (round * 0x101) & 0xffff)

/** Names that point at themselves, at each other, forward, and at the header; in the question and behind it. */
export const loops: MakePacket = (round) => {
  const names = [
    [0xc0, 12],
    [0xc0, 14, 0xc0, 12],
    [1, 0x61, 0xc0, 12],
    [0xc0, 0],
    [0xff, 0xff],
    ...[63, 64, 128, 191].map((length) => [length]),
  ]
  const name = names[round % names.length]!
  const behind = round % 2 === 0 ? [0, 1, 0, 1] : [0, 41, 16, 0, 0, 0, 0, 0, 0, 2, 0xc0, 12]
  return message([1, 0, 0, 1], [...name, ...behind])
}

/** Sections that promise 65,535 records, with none, some, or as many as there is room for. */
export const counts: MakePacket = (round) => {
  const emptyRecord = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
  const records = Array.from({ length: round % 360 }, () => emptyRecord).flat()
  return message(
    [1, 0, 0, MAX_COUNT].map((count, section) => (round % 5 === section ? MAX_COUNT : count)),
    [...question('www').subarray(HEADER_BYTES), ...records],
  )
}

/** Sound questions for names that do not exist, each another. */
export const flood: MakePacket = (round) => question(`x${round}`)

/** Longer than any query. */
export const giants: MakePacket = (round) => new Uint8Array(5000 + scatter(round, 50_000))

/** A sound question, in the zone of the bouts. */
export function question(label: string, type = 'A'): Uint8Array {
  return buildQuery({ name: `${label}.example.com`, type })
}

/** With its length before it. */
export function framed(packet: Uint8Array): Uint8Array {
  return Uint8Array.of(packet.length >> 8, packet.length & 0xff, ...packet)
}

function message(sections: readonly number[], rest: readonly number[]): Uint8Array {
  return Uint8Array.of(0x12, 0x34, 1, 0, ...sections.flatMap((count) => [count >> 8, count & 0xff]), ...rest)
}

function withWord(packet: Uint8Array, at: number, word: number): Uint8Array {
  packet[at] = word >> 8
  packet[at + 1] = word & 0xff
  return packet
}
