// Blind changes of bytes, for packets and master files alike: what no grammar would think of.
import type { Dice } from './dice.ts'

/** Bytes at which readers change their mind: label lengths, pointers, signs. */
const EDGES = [0, 1, 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff]

type Mutation = (bytes: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array

const MUTATIONS: readonly Mutation[] = [
  (bytes, dice) => changed(bytes, dice, (byte) => byte ^ (1 << dice.below(8))),
  (bytes, dice) => changed(bytes, dice, () => dice.pick(EDGES)),
  (bytes, dice) => changed(bytes, dice, (byte) => byte + dice.pick([-1, 1])),
  (bytes, dice) => changed(bytes, dice, () => dice.below(256)),
  (bytes, dice) => bytes.slice(0, dice.below(bytes.length + 1)),
  removeRange,
  (bytes, dice) => insertRange(bytes, bytes, dice),
  (bytes, dice, other) => insertRange(bytes, other, dice),
  overwriteRange,
  (bytes, dice, other) => join(bytes, dice.below(bytes.length + 1), other, dice.below(other.length + 1)),
  (bytes, dice) =>
    join(
      bytes,
      bytes.length,
      Uint8Array.from({ length: dice.below(12) }, () => dice.below(256)),
      0,
    ),
]

/** A changed copy, never longer than `limit`; `other` is what may be spliced in. */
export function mutate(bytes: Uint8Array, other: Uint8Array, dice: Dice, limit: number): Uint8Array {
  let result = bytes
  for (let left = 1 + dice.below(4); left > 0; left--) result = dice.pick(MUTATIONS)(result, dice, other)
  return result.subarray(0, limit)
}

function changed(bytes: Uint8Array, dice: Dice, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice()
  const at = dice.below(copy.length)
  if (copy.length > 0) copy[at] = change(copy[at]!)
  return copy
}

function removeRange(bytes: Uint8Array, dice: Dice): Uint8Array {
  const from = dice.below(bytes.length + 1)
  return join(bytes, from, bytes, from + dice.below(Math.min(bytes.length - from, 32) + 1))
}

/** Inserts a piece of `source`, at most 64 bytes. */
function insertRange(bytes: Uint8Array, source: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1)
  const from = dice.below(source.length + 1)
  const piece = source.subarray(from, from + 1 + dice.below(64))
  return join(join(bytes, at, piece, 0), at + piece.length, bytes, at)
}

function overwriteRange(bytes: Uint8Array, dice: Dice, other: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  const at = dice.below(bytes.length + 1)
  const from = dice.below(other.length + 1)
  const length = Math.min(1 + dice.below(32), copy.length - at, other.length - from)
  copy.set(other.subarray(from, from + length), at)
  return copy
}

/** The head of one up to `end`, then the tail of another from `from` on. */
function join(head: Uint8Array, end: number, tail: Uint8Array, from: number): Uint8Array {
  const joined = new Uint8Array(end + Math.max(tail.length - from, 0))
  joined.set(head.subarray(0, end))
  joined.set(tail.subarray(from), end)
  return joined
}
