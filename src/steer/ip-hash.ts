// ip-hash: the textbook pin, a hash of the client modulo the regions that take part, in configured order. Simple, and it
// moves most clients whenever their number changes: consistent-hash exists because of that. How shares become its slots
// is director/tables.ts.
import type { IpHashConfig, Step } from './steer.ts'

export function ipHash({ ipv4Bits, ipv6Bits }: IpHashConfig): Step {
  const note = `the hash of a client's /${ipv4Bits} (IPv6: /${ipv6Bits}) modulo the live regions`
  return {
    name: 'ip-hash',
    phase: 'pin',
    apply: (candidates) => candidates.map((candidate) => ({ ...candidate, note })),
  }
}
