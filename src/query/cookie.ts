// DNS cookies (RFC 7873) in the interoperable form of RFC 9018, so that all nodes with the same secrets know each
// other's. A valid one proves that the client sees what is sent to its address.
import type { AddressWords } from '../base/address.ts'
import { settingsBlock } from '../snapshot/settings.ts'
import { sipHash } from './siphash.ts'

export const CLIENT_COOKIE_BYTES = 8
export const SERVER_COOKIE_BYTES = 16

/** RFC 9018 §4.3: how old and how far ahead a timestamp may be, and when a cookie is made anew, seconds. */
const MAX_AGE_S = 3600
const MAX_AHEAD_S = 300
const RENEW_AFTER_S = 1800

const VERSION = 1
const SECRET_WORDS = 4

export interface Cookie {
  /** The client's 8 bytes, then the server's, as they came; made fit for the answer by `settleCookie`. */
  readonly bytes: Uint8Array
  /** What came: 8, or 16 to 40. */
  length: number
  isValid: boolean
  /** What is hashed: client cookie, version, reserved, timestamp, client address (RFC 9018 §4.4). */
  readonly input: Uint8Array
  readonly hash: Int32Array
}

export function createCookie(): Cookie {
  return {
    bytes: new Uint8Array(40),
    length: 0,
    isValid: false,
    input: new Uint8Array(CLIENT_COOKIE_BYTES + 8 + 16),
    hash: new Int32Array(2),
  }
}

/** Judges the cookie that came and leaves in `bytes` the 24 that go back. `nowS`: seconds since the epoch. */
export function settleCookie(
  cookie: Cookie,
  words: Int32Array,
  settings: number,
  client: AddressWords,
  nowS: number,
): void {
  const { bytes } = cookie
  const age =
    cookie.length === CLIENT_COOKIE_BYTES + SERVER_COOKIE_BYTES ? (nowS - readTimestamp(bytes)) | 0 : MAX_AGE_S + 1
  cookie.isValid =
    bytes[8] === VERSION && age <= MAX_AGE_S && age >= -MAX_AHEAD_S && isOurs(cookie, words, settings, client)
  if (cookie.isValid && age <= RENEW_AFTER_S) return
  bytes[8] = VERSION
  bytes[9] = bytes[10] = bytes[11] = 0
  bytes[12] = nowS >>> 24
  bytes[13] = nowS >>> 16
  bytes[14] = nowS >>> 8
  bytes[15] = nowS
  hashCookie(cookie, words, settings + settingsBlock.secret, client)
  for (let i = 0; i < 8; i++) bytes[16 + i] = hashByte(cookie, i)
}

function isOurs(cookie: Cookie, words: Int32Array, settings: number, client: AddressWords): boolean {
  for (let secret = 0; secret < words[settings + settingsBlock.secrets]!; secret++) {
    hashCookie(cookie, words, settings + settingsBlock.secret + secret * SECRET_WORDS, client)
    let difference = 0
    for (let i = 0; i < 8; i++) difference |= cookie.bytes[16 + i]! ^ hashByte(cookie, i)
    if (difference === 0) return true
  }
  return false
}

function hashCookie({ bytes, input, hash }: Cookie, words: Int32Array, secret: number, client: AddressWords): void {
  for (let i = 0; i < 16; i++) input[i] = bytes[i]!
  const addressBytes = client[0] === 4 ? 4 : 16
  for (let i = 0; i < addressBytes; i++) input[16 + i] = client[1 + (i >> 2)]! >>> (24 - (i & 3) * 8)
  sipHash(words, secret, input, 0, 16 + addressBytes, hash)
}

function hashByte({ hash }: Cookie, i: number): number {
  return (hash[i >> 2]! >>> ((i & 3) * 8)) & 0xff
}

function readTimestamp(bytes: Uint8Array): number {
  return (bytes[12]! << 24) | (bytes[13]! << 16) | (bytes[14]! << 8) | bytes[15]!
}
