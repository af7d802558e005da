// The hash of a name, label by label from the root, so that all suffixes of a query name are hashed in one pass and a
// builder hashes a name from its parent's hash. FNV-1a over lower-cased wire bytes; mixed once where a table is probed.

/** The hash of the root. */
export const ROOT_HASH = 0x811c9dc5 | 0

/** The hash of a name from the hash of its parent and the label (its length byte at `at`). */
export function hashLabel(parent: number, bytes: Uint8Array, at: number): number {
  let hash = parent
  for (const end = at + bytes[at]!; at <= end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash
}

/** Where to start probing a table of `mask + 1` slots for a name within a zone. */
export function firstSlot(hash: number, seed: number, mask: number): number {
  hash = Math.imul(hash ^ seed ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) & mask
}
