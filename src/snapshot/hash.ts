// The hash of a name, label by label from the root, so that all suffixes of a query name are hashed in one pass and a
// builder hashes a name from its parent's hash. FNV-1a over lower-cased wire bytes; mixed once where a table is probed.

/** The hash of the root. */
export const ROOT_HASH = 0x811c9dc5 | 0

const PRIME = 0x01000193

/** The hash of a name from the hash of its parent and the label (its length byte at `at`). */
export function hashLabel(parent: number, bytes: Uint8Array, at: number): number {
  let hash = startLabel(bytes[at]!)
  for (const end = at + bytes[at]!; at < end;) hash = addToLabel(hash, bytes[++at]!)
  return joinLabel(parent, hash)
}

/** The same in steps, for who reads a label byte by byte anyway: its length, its bytes, then its parent. */
export function startLabel(length: number): number {
  return Math.imul(ROOT_HASH ^ length, PRIME)
}

export function addToLabel(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, PRIME)
}

export function joinLabel(parent: number, label: number): number {
  return Math.imul((parent << 5) ^ (parent >>> 27) ^ label, PRIME)
}

/** Where to start probing a table of `mask + 1` slots for a name. */
export function firstSlot(hash: number, mask: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) & mask
}
