// SipHash-2-4 (Aumasson and Bernstein, 2012) in 32-bit halves, for DNS cookies: BigInt and node:crypto allocate.

/** Eight halves of v0…v3, low before high. */
const v = new Int32Array(8)
const word = new Int32Array(2)

/**
 * Hashes `length` bytes at `bytes[at]` under a key of four little-endian words at `key[keyAt]`. The 64-bit result is
 * left in `out`, low word first.
 */
export function sipHash(
  key: Int32Array,
  keyAt: number,
  bytes: Uint8Array,
  at: number,
  length: number,
  out: Int32Array,
): void {
  const k0 = key[keyAt]!
  const k1 = key[keyAt + 1]!
  const k2 = key[keyAt + 2]!
  const k3 = key[keyAt + 3]!
  v[0] = k0 ^ 0x70736575
  v[1] = k1 ^ 0x736f6d65
  v[2] = k2 ^ 0x6e646f6d
  v[3] = k3 ^ 0x646f7261
  v[4] = k0 ^ 0x6e657261
  v[5] = k1 ^ 0x6c796765
  v[6] = k2 ^ 0x79746573
  v[7] = k3 ^ 0x74656462
  const whole = length & ~7
  for (let i = 0; i < whole; i += 8) {
    word[0] = read32(bytes, at + i)
    word[1] = read32(bytes, at + i + 4)
    absorb()
  }
  word[0] = 0
  word[1] = length << 24
  for (let i = whole; i < length; i++) word[(i & 4) >> 2]! |= bytes[at + i]! << ((i & 3) * 8)
  absorb()
  v[4] ^= 0xff
  for (let i = 0; i < 4; i++) round()
  out[0] = v[0] ^ v[2] ^ v[4] ^ v[6]
  out[1] = v[1] ^ v[3] ^ v[5] ^ v[7]
}

function absorb(): void {
  v[6]! ^= word[0]!
  v[7]! ^= word[1]!
  round()
  round()
  v[0]! ^= word[0]!
  v[1]! ^= word[1]!
}

function round(): void {
  add(0, 2)
  rotate(2, 13)
  exclusiveOr(2, 0)
  swapHalves(0)
  add(4, 6)
  rotate(6, 16)
  exclusiveOr(6, 4)
  add(0, 6)
  rotate(6, 21)
  exclusiveOr(6, 0)
  add(4, 2)
  rotate(2, 17)
  exclusiveOr(2, 4)
  swapHalves(4)
}

function add(to: number, from: number): void {
  const low = (v[to]! >>> 0) + (v[from]! >>> 0)
  v[to + 1] = v[to + 1]! + v[from + 1]! + (low > 0xffffffff ? 1 : 0)
  v[to] = low
}

function exclusiveOr(to: number, from: number): void {
  v[to]! ^= v[from]!
  v[to + 1]! ^= v[from + 1]!
}

function rotate(at: number, bits: number): void {
  const low = v[at]!
  const high = v[at + 1]!
  v[at] = (low << bits) | (high >>> (32 - bits))
  v[at + 1] = (high << bits) | (low >>> (32 - bits))
}

/** A rotation by 32. */
function swapHalves(at: number): void {
  const low = v[at]!
  v[at] = v[at + 1]!
  v[at + 1] = low
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
