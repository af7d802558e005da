// Whether respond() allocates: many calls with packets of all sorts, and what the heap has handed out meanwhile.
import { getHeapStatistics } from 'node:v8'
import { respond } from '../../src/query/respond.ts'
import { workerOver } from '../support/query-worker.ts'
import type { Finding } from './packet-campaign.ts'
import { clientWords, type PacketCase } from './packet-case.ts'
import type { Scene } from './scenes.ts'

/** Code that is not optimised yet makes numbers beyond 31 bits on the heap: it is given time. */
const MOST_ROUNDS = 20
const CALLS = 100_000
/** An object is 16 bytes at least; some 100 KiB a round are the heap's own. */
const MOST_BYTES_A_CALL = 8
const BIGGEST = 65535

/**
 * Bytes allocated by a call, in the most frugal of some rounds: compilers and timers allocate, too. Only datagrams are sent:
 * the largest answers to streams take a thousand times as long.
 */
export function measureAllocation(
  scenes: ReadonlyMap<string, Scene>,
  cases: readonly PacketCase[],
  onRound: () => void,
): number {
  const prepared = cases
    .filter(({ limit }) => limit < BIGGEST)
    .map(({ scene, limit, client, packet }) => ({ scene, limit, client: clientWords(client), packet }))
  const workers = new Map([...scenes].map(([name, { snapshot }]) => [name, workerOver(snapshot)]))
  const input = new Uint8Array(BIGGEST)
  const output = new Uint8Array(BIGGEST)
  let least = Infinity
  for (let left = MOST_ROUNDS; left > 0 && least > MOST_BYTES_A_CALL; left--) {
    onRound()
    const before = getHeapStatistics().total_allocated_bytes
    for (let i = 0; i < CALLS; i++) {
      const { scene, limit, client, packet } = prepared[i % prepared.length]!
      input.set(packet)
      respond(workers.get(scene)!, input, 0, packet.length, client, output, 0, limit)
    }
    least = Math.min(least, (getHeapStatistics().total_allocated_bytes - before) / CALLS)
  }
  return least
}

export function judgeAllocation(bytes: number): Finding[] {
  if (bytes <= MOST_BYTES_A_CALL) return []
  return [{ complaint: `allocates: ${bytes.toFixed(1)} bytes a call`, input: 'all packets of the corpus' }]
}
