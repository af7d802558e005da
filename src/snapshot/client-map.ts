// A client map flat in shared memory, and the look-up of the query path: address → client class and ECS scope (RFC 7871 §7.2.1).
// The ranges are compiled in geo/client-map.ts; which service reads which map stands in the plan image.
//
//   at + 0   offset of the IPv4 section, from `at`
//   at + 1   offset of the IPv6 section, from `at`
//   section: +0 ranges · +1 width: words stored of each start, those behind are zero in all of them
//            +2 jump: 65,537 words; the range that holds the first address of each /16, and the last range of all
//            then the starts (ranges × width words), then the classes (two in a word, the even one in the low half)
//
// Scopes are not stored: the block around an address is as wide as its range allows, which follows from the range's bounds.
import type { AddressWords } from '../base/address.ts'
import type { ClassRanges, ClientMap } from '../geo/client-map.ts'

const HEADER_WORDS = 2
const JUMP = 2
const JUMP_WORDS = 65_537
const STARTS = JUMP + JUMP_WORDS

/** 32-bit words that `writeClientMap` will fill. */
export function clientMapWords(map: ClientMap): number {
  return HEADER_WORDS + sectionWords(map.ipv4) + sectionWords(map.ipv6)
}

/** Lays the map out at `words[at]`. Throws a RangeError when it does not fit. */
export function writeClientMap(map: ClientMap, words: Int32Array, at: number): void {
  if (at + clientMapWords(map) > words.length) throw new RangeError('a client map does not fit its arena')
  const ipv6 = HEADER_WORDS + sectionWords(map.ipv4)
  words[at] = HEADER_WORDS
  words[at + 1] = ipv6
  writeSection(map.ipv4, words, at + HEADER_WORDS)
  writeSection(map.ipv6, words, at + ipv6)
}

/**
 * The class of a client and the scope of an answer to it, packed: read them with `classOf` and `scopeOf`.
 * Every address of the block that the scope spans has the same class and the same scope; blocks of one map are equal or
 * disjoint, and none could be wider. The scope is at least 1, for 0 would be valid for all networks, of both families (RFC 7871 §7.3.1).
 * Allocates nothing.
 */
export function findClass(words: Int32Array, at: number, client: AddressWords): number {
  const section = at + words[client[0] === 4 ? at : at + 1]!
  const index = findRange(words, section, client)
  return (classAt(words, section, index) << 8) | scopeAt(words, section, index, client)
}

export function classOf(found: number): number {
  return found >>> 8
}

/** Bits: 1–32 for an IPv4 client, 1–128 for an IPv6 one. */
export function scopeOf(found: number): number {
  return found & 0xff
}

/** The last range that starts at or before the client. */
function findRange(words: Int32Array, section: number, client: AddressWords): number {
  const width = words[section + 1]!
  const block = section + JUMP + (client[1]! >>> 16)
  let low = words[block]!
  let high = words[block + 1]!
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (isBefore(client, words, section + STARTS + middle * width, width)) high = middle - 1
    else low = middle
  }
  return low
}

/** Whether the client lies before the start at `words[start…]`. */
function isBefore(client: AddressWords, words: Int32Array, start: number, width: number): boolean {
  for (let i = 0; i < width; i++) {
    const ours = client[i + 1]! >>> 0
    const theirs = words[start + i]! >>> 0
    if (ours !== theirs) return ours < theirs
  }
  return false
}

function classAt(words: Int32Array, section: number, index: number): number {
  const classes = section + STARTS + words[section]! * words[section + 1]!
  return (words[classes + (index >>> 1)]! >>> ((index & 1) << 4)) & 0xffff
}

/** One bit more than the client shares with the nearer of the two addresses just outside its range. */
function scopeAt(words: Int32Array, section: number, index: number, client: AddressWords): number {
  const width = words[section + 1]!
  const start = section + STARTS + index * width
  const isLast = index === words[section]! - 1
  const below = index === 0 ? 0 : 1 + bitsShared(client, words, start, width, borrowedWord(words, start, width))
  const above = isLast ? 0 : 1 + bitsShared(client, words, start + width, width, -1)
  return Math.max(below, above, 1)
}

/** Less 1, a start changes in its last word that is not 0 (and behind, where nobody looks). */
function borrowedWord(words: Int32Array, start: number, width: number): number {
  let word = width - 1
  while (words[start + word] === 0) word--
  return word
}

/**
 * Leading bits that the client shares with the start at `words[start…]`, or with the address before it when one of its words
 * is lessened. They differ within the words stored: the client lies on the other side.
 */
function bitsShared(client: AddressWords, words: Int32Array, start: number, width: number, lessened: number): number {
  for (let i = 0; i < width; i++) {
    const difference = client[i + 1]! ^ (words[start + i]! - (i === lessened ? 1 : 0))
    if (difference !== 0) return i * 32 + Math.clz32(difference)
  }
  throw new Error('a client is not within its range')
}

function wordsOf(family: 4 | 6): number {
  return family === 4 ? 1 : 4
}

/** Words of a start that are not zero in all of them; at least 1. */
function widthOf({ family, count, start }: ClassRanges): number {
  const words = wordsOf(family)
  let width = 1
  for (let at = 0; at < count * words && width < words; at += words) {
    for (let i = width; i < words; i++) if (start[at + i] !== 0) width = i + 1
  }
  return width
}

function sectionWords(ranges: ClassRanges): number {
  return STARTS + ranges.count * widthOf(ranges) + ((ranges.count + 1) >>> 1)
}

function writeSection(ranges: ClassRanges, words: Int32Array, section: number): void {
  const { family, count, start } = ranges
  const width = widthOf(ranges)
  words[section] = count
  words[section + 1] = width
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) words[section + STARTS + i * width + j] = start[i * wordsOf(family) + j]!
  }
  writeJump(words, section, count, width)
  for (let i = 0; i < count; i += 2) {
    const high = i + 1 < count ? ranges.class[i + 1]! : 0
    words[section + STARTS + count * width + (i >>> 1)] = ranges.class[i]! | (high << 16)
  }
}

function writeJump(words: Int32Array, section: number, count: number, width: number): void {
  const client = new Int32Array(5)
  let index = 0
  for (let block = 0; block < JUMP_WORDS - 1; block++) {
    client[1] = block << 16
    while (index + 1 < count && !isBefore(client, words, section + STARTS + (index + 1) * width, width)) index++
    words[section + JUMP + block] = index
  }
  words[section + JUMP + JUMP_WORDS - 1] = count - 1
}
