// The name that a query is looking for: lower-cased wire bytes, where its labels begin, and the hash of every suffix.
// Filled in one pass, reused for every query.
import { addToLabel, hashLabel, joinLabel, ROOT_HASH, startLabel } from '../snapshot/hash.ts'

const MAX_NAME_BYTES = 255
const MAX_LABELS = 127

export interface NameCursor {
  readonly bytes: Uint8Array
  length: number
  /** Labels, the root not counted. */
  labels: number
  /** Offset of each label's length byte; `label[labels]` is the root's. */
  readonly label: Int32Array
  /** `hash[i]` is that of the suffix which begins at label i; `hash[labels]` is the root's. */
  readonly hash: Int32Array
}

export function createNameCursor(): NameCursor {
  return {
    bytes: new Uint8Array(MAX_NAME_BYTES + 1),
    length: 0,
    labels: 0,
    label: new Int32Array(MAX_LABELS + 1),
    hash: new Int32Array(MAX_LABELS + 1),
  }
}

/**
 * Reads an uncompressed wire name that begins at `at` and must end before `end`. Returns where it ends, or −1 when it
 * is no name: too long, cut off, or compressed.
 */
export function readName(name: NameCursor, source: Uint8Array, at: number, end: number): number {
  const { bytes, label, hash } = name
  const begin = at
  let labels = 0
  for (;;) {
    if (at >= end) return -1
    const length = source[at]!
    const to = at - begin
    if (length > 63 || to + length >= MAX_NAME_BYTES || at + length >= end) return -1
    label[labels] = to
    bytes[to] = length
    if (length === 0) break
    let own = startLabel(length)
    for (let i = 1; i <= length; i++) {
      const byte = lowerCase(source[at + i]!)
      bytes[to + i] = byte
      own = addToLabel(own, byte)
    }
    hash[labels] = own
    labels++
    at += length + 1
  }
  name.labels = labels
  name.length = at + 1 - begin
  let suffix = ROOT_HASH
  hash[labels] = suffix
  for (let i = labels - 1; i >= 0; i--) hash[i] = suffix = joinLabel(suffix, hash[i]!)
  return at + 1
}

/**
 * Puts `target` (an uncompressed wire name) in the place of everything from label `from` on (RFC 6672 §2.2).
 * False when the result would be too long, and then the name is unchanged.
 */
export function replaceSuffix(name: NameCursor, from: number, target: Uint8Array, at: number): boolean {
  const { bytes, label } = name
  const kept = label[from]!
  let length = 0
  while (target[at + length] !== 0) length += target[at + length]! + 1
  if (kept + length + 1 > MAX_NAME_BYTES) return false
  let labels = from
  for (let to = 0; to <= length; to += target[at + to]! + 1) {
    label[labels++] = kept + to
    bytes[kept + to] = target[at + to]!
    for (let i = 1; i <= target[at + to]!; i++) bytes[kept + to + i] = lowerCase(target[at + to + i]!)
  }
  name.labels = labels - 1
  name.length = kept + length + 1
  hashSuffixes(name)
  return true
}

/** Whether the suffix from label `from` on is the wire name at `at`, which is lower-cased and of that length. */
export function suffixIs(name: NameCursor, from: number, other: Uint8Array, at: number, length: number): boolean {
  const begin = name.label[from]!
  return name.length - begin === length && bytesAre(name.bytes, begin, other, at, length)
}

/** Whether the labels from `from` up to `to` are those at `at`, which are lower-cased and of that length in all. */
export function labelsAre(
  name: NameCursor,
  from: number,
  to: number,
  other: Uint8Array,
  at: number,
  length: number,
): boolean {
  const begin = name.label[from]!
  return name.label[to]! - begin === length && bytesAre(name.bytes, begin, other, at, length)
}

function bytesAre(bytes: Uint8Array, begin: number, other: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[begin + i] !== other[at + i]) return false
  return true
}

/** ASCII only (RFC 4343). */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
}

function hashSuffixes({ bytes, labels, label, hash }: NameCursor): void {
  let suffix = ROOT_HASH
  hash[labels] = suffix
  for (let i = labels - 1; i >= 0; i--) hash[i] = suffix = hashLabel(suffix, bytes, label[i]!)
}
