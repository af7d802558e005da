import { expect, test } from 'vitest'
import { sipHash } from '../../src/query/siphash.ts'

/** The key and messages of the paper's test vectors: bytes counting up from 0. */
const counting = Uint8Array.from({ length: 64 }, (_, i) => i)
const key = new Int32Array(counting.slice(0, 16).buffer)

// vectors.h of the reference implementation, some lengths of its 64.
test.each([
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [7, '37d1018bf50002ab'],
  [8, '6224939a79f5f593'],
  [15, 'e545be4961ca29a1'],
  [16, 'db9bc2577fcc2a3f'],
  [63, '724506eb4c328a95'],
])('of %i bytes', (length, expected) => {
  const out = new Int32Array(2)
  const shifted = new Uint8Array(80)
  shifted.set(counting, 5)
  sipHash(key, 0, shifted, 5, length, out)
  expect(Buffer.from(out.buffer).toString('hex')).toBe(expected)
})
