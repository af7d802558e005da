// What the query log costs: respond() alone with none, one in 1,000, one in 100 and every query sampled, in turn, as
// medians. `node --expose-gc test/bench/query-log.ts`
import { parseAddress, writeWords } from '../../src/base/address.ts'
import { createQueryLog, setSample } from '../../src/query/query-log.ts'
import { respond } from '../../src/query/respond.ts'
import { beginSampling, countLatency } from '../../src/query/sampler.ts'
import { buildQuery } from '../support/message.ts'
import { buildSnapshot, NO_ANSWER, slots, workerOver } from '../support/query-worker.ts'

const ZONE = '$TTL 60\n@ SOA ns h 1 7200 1800 1209600 300\n@ NS ns\nns A 192.0.2.1\nwww LB web\n'
const SAMPLES = [0, 1000, 100, 1]
const ROUNDS = 15
const QUERIES = 400_000
/** Queries to a receive. */
const BATCH = 64

const five = slots(...'1213121431'.split('').map((last) => `192.0.2.${last}`))
const rows = [{ ttl: 30, ipv4: five, ipv6: NO_ANSWER }]
const log = createQueryLog(10_000, 0)
const snapshot = buildSnapshot({
  zones: { 'example.com': ZONE },
  services: [{ name: 'web', clientMap: -1, pin: undefined, leastTtl: 30, rows }],
})
const worker = workerOver(snapshot, 0, log)
const packet = buildQuery({
  name: 'www.example.com',
  type: 'A',
  edns: { clientSubnet: { address: '203.0.113.0', source: 24 } },
})
const client = writeWords(parseAddress('192.0.2.53')!)
const output = new Uint8Array(4096)

function run(): number {
  const before = performance.now()
  for (let i = 0; i < QUERIES; i += BATCH) {
    beginSampling(worker.sampler, before)
    for (let n = 0; n < BATCH; n++) respond(worker, packet, 0, packet.length, client, output, 0, 1232)
    if (worker.sampler.pending > 0) countLatency(worker.sampler, worker.counters, performance.now())
  }
  return ((performance.now() - before) * 1e6) / QUERIES
}

const seen = new Map(SAMPLES.map((sample) => [sample, [] as number[]]))
const heap = new Map(SAMPLES.map((sample) => [sample, [] as number[]]))
for (let round = -3; round < ROUNDS; round++) {
  for (const sample of SAMPLES) {
    setSample(log, sample)
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const nanoseconds = run()
    const bytes = (process.memoryUsage().heapUsed - before) / QUERIES
    if (round < 0) continue
    seen.get(sample)!.push(nanoseconds)
    heap.get(sample)!.push(bytes)
  }
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
for (const sample of SAMPLES) {
  const name = sample === 0 ? 'none' : `one in ${sample}`
  const [ns, bytes] = [median(seen.get(sample)!), median(heap.get(sample)!)]
  process.stdout.write(`${name.padEnd(12)} ${ns.toFixed(1)} ns  ${bytes.toFixed(4)} bytes a query\n`)
}
