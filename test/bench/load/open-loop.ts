// A program: asks at a fixed rate whatever is answered, in batches by system calls of its own, and tells how long answers
// took from the moment at which their query was due. It keeps one processor busy.
//   node open-loop.ts PORT RATE SECONDS FILE     the file: messages (kinds.ts)
import { readFileSync } from 'node:fs'
import koffi from 'koffi'
import { loadLinuxSockets } from '../../../src/server/linux-sockets.ts'
import { endpointAddress } from '../../../src/server/socket-address.ts'
import { loadBatchCalls, MSG_DONTWAIT } from '../../../src/server/linux-batch.ts'
import { HOST } from './peers.ts'

/** What it prints, as JSON: latencies in microseconds. */
export interface Latencies {
  readonly sent: number
  readonly lost: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly most: number
}

/** Messages of one system call; sockets, each a client of its own. */
const BATCH = 32
const SOCKETS = 4
/** Queries are told apart by their IDs. */
const IDS = 0x10000
const ROOM = 512
/** An answer that comes later is lost, ms. */
const LOST_MS = 1000

/** struct mmsghdr: 64 bytes; struct iovec: 16. */
const [HEADER_BYTES, IOVEC_BYTES] = [64, 16]

/** Memory of one direction: headers, iovecs, buffers of ROOM bytes. */
function createDirection(target?: Uint8Array): {
  headers: Uint8Array
  bytes: Uint8Array
  at: number
  lengths: Int32Array
} {
  const [iovecs, addresses] = [BATCH * HEADER_BYTES, BATCH * (HEADER_BYTES + IOVEC_BYTES)]
  const at = addresses + 64
  const buffer = new ArrayBuffer(at + BATCH * ROOM)
  const bytes = new Uint8Array(buffer)
  const words = new BigUint64Array(buffer)
  const base = koffi.address(buffer)
  if (target) bytes.set(target, addresses)
  for (let n = 0; n < BATCH; n++) {
    const header = (n * HEADER_BYTES) / 8
    const iovec = iovecs + n * IOVEC_BYTES
    if (target) words[header] = base + BigInt(addresses)
    words[header + 1] = BigInt(target?.length ?? 0)
    words[header + 2] = base + BigInt(iovec)
    words[header + 3] = 1n
    words[iovec / 8] = base + BigInt(at + n * ROOM)
    words[iovec / 8 + 1] = BigInt(ROOM)
  }
  return { headers: bytes.subarray(0, iovecs), bytes, at, lengths: new Int32Array(buffer, iovecs, BATCH * 4) }
}

const [port, rate, seconds] = process.argv.slice(2, 5).map(Number) as [number, number, number]
const messages = split(readFileSync(process.argv[5]!))
const [calls, sockets] = [await loadBatchCalls(), await loadLinuxSockets()]
if (typeof sockets === 'string') throw new Error(sockets)
const fds = Array.from({ length: SOCKETS }, () => sockets.openUdp({ host: HOST, port: 0 }))
const [out, into] = [createDirection(endpointAddress({ host: HOST, port })), createDirection()]
/** When the query of each ID was due; NaN when it is answered. */
const due = new Float64Array(IDS).fill(NaN)
const total = Math.round(rate * seconds)
const took = new Float64Array(total)
let [sent, answered] = [0, 0]
const start = performance.now()
let now = start
while (now < start + seconds * 1000 + LOST_MS && answered < total) {
  send(Math.min(BATCH, total - sent, Math.floor(((now - start) * rate) / 1000) - sent))
  for (const fd of fds) receive(fd)
  now = performance.now()
}
const sorted = took.subarray(0, answered).sort()
const at = (part: number): number => Math.round(sorted[Math.min(answered - 1, Math.floor(part * answered))]! * 1000)
const figures: Latencies = { sent, lost: sent - answered, p50: at(0.5), p99: at(0.99), p999: at(0.999), most: at(1) }
console.log(JSON.stringify(figures))

function send(count: number): void {
  if (count <= 0) return
  for (let n = 0; n < count; n++) {
    const [id, message] = [(sent + n) % IDS, messages[(sent + n) % messages.length]!]
    const place = out.at + n * ROOM
    out.bytes.set(message, place)
    out.bytes[place] = id >> 8
    out.bytes[place + 1] = id & 255
    out.lengths[n * 4 + 2] = message.length
    due[id] = start + ((sent + n) * 1000) / rate
  }
  const fd = fds[Math.floor(sent / BATCH) % SOCKETS]!
  // What cannot be sent now is sent next time round, and is late.
  sent += Math.max(0, calls.sendmmsg(fd, out.headers, count, MSG_DONTWAIT))
}

function receive(fd: number): void {
  const count = calls.recvmmsg(fd, into.headers, BATCH, MSG_DONTWAIT, 0)
  const arrived = performance.now()
  for (let n = 0; n < count; n++) {
    const place = into.at + n * ROOM
    const id = (into.bytes[place]! << 8) | into.bytes[place + 1]!
    if (Number.isNaN(due[id])) continue
    took[answered++] = arrived - due[id]!
    due[id] = NaN
  }
}

function split(stream: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < stream.length; at += 2 + stream.readUInt16BE(at)) {
    found.push(stream.subarray(at + 2, at + 2 + stream.readUInt16BE(at)))
  }
  return found
}
