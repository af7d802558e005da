// consistent-hash: the client's prefix picks the slot instead of a counter. Shares stay as they are: how they become
// slots that move as little as can be is snapshot/slot-table.ts.
import type { ConsistentHashConfig, Step } from './steer.ts'

export function consistentHash({ ipv4Bits, ipv6Bits }: ConsistentHashConfig): Step {
  const note = `clients of one /${ipv4Bits} (IPv6: /${ipv6Bits}) keep their region`
  return {
    name: 'consistent-hash',
    phase: 'pin',
    apply: (candidates) => candidates.map((candidate) => ({ ...candidate, note })),
  }
}
