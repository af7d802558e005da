// Datagrams that the kernel dropped since our UDP sockets were opened, for their receive buffers were full: the one loss that
// no counter of ours can see. Linux tells it by socket in /proc; elsewhere nobody does.
import { readFileSync } from 'node:fs'
import { parseAddress } from '../base/address.ts'
import type { Endpoint } from './listen-fault.ts'

/** Columns of /proc/net/udp. */
const LOCAL = 1
const DROPS = 12

/** Over all sockets of these endpoints; undefined where the system does not say. */
export function readReceiveDrops(
  endpoints: readonly Endpoint[],
  readTable: (file: string) => string = (file) => readFileSync(file, 'latin1'),
): number | undefined {
  const ours = new Set(endpoints.map(formatLocal))
  try {
    return ['/proc/net/udp', '/proc/net/udp6'].reduce((sum, file) => sum + dropsIn(readTable(file), ours), 0)
  } catch {
    // Not Linux, IPv6 switched off, or a /proc that is kept from us: unknown is an answer.
    return undefined
  }
}

function dropsIn(table: string, ours: ReadonlySet<string>): number {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => ours.has(columns[LOCAL] ?? ''))
    .reduce((sum, columns) => sum + Number(columns[DROPS]), 0)
}

/** `0100007F:14B4`: 32-bit words in the order of the machine, which is little-endian wherever this runs, and the port. */
function formatLocal({ host, port }: Endpoint): string {
  const { bytes } = parseAddress(host)!
  const words = Array.from({ length: bytes.length / 4 }, (_, word) =>
    [...bytes.slice(word * 4, word * 4 + 4)].reverse(),
  )
  const hex = words.flat().map((byte) => byte.toString(16).padStart(2, '0'))
  return `${hex.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}
