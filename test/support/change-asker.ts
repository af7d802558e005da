// A program: asks one name over UDP, each query a fifth of a millisecond after the one before is answered, and tells the
// moment at which an answer carries another address than the one before. transitions.ts starts it.
//   node change-asker.ts HOST PORT NAME
import { createSocket } from 'node:dgram'
import { addressesIn } from './dns-client.ts'
import { buildQuery, decodeMessage } from './message.ts'
import { monotonicMs } from './monotonic.ts'

export interface Change {
  /** Of the answer; undefined for one without records. */
  readonly address: string | undefined
  /** Monotonic ms. */
  readonly at: number
}

/** Without it the client and who answers it would take both processors, and what is measured would wait for one. */
const PAUSE_MS = 0.5
/** An answer that does not come by then is lost, ms. */
const LOST_MS = 100

const [host, port, name] = process.argv.slice(2) as [string, string, string]
const query = buildQuery({ name, type: 'A' })
const socket = createSocket('udp4')
const pause = new Int32Array(new SharedArrayBuffer(4))
const known = new Map<string, string | undefined>()
let before: string | undefined
let lost: NodeJS.Timeout

socket.on('message', (packet) => {
  const at = monotonicMs()
  const address = addressOf(packet)
  if (address !== before) process.send!({ address, at } satisfies Change)
  before = address
  Atomics.wait(pause, 0, 0, PAUSE_MS)
  ask()
})
socket.connect(Number(port), host, ask)
process.on('disconnect', () => process.exit())

function ask(): void {
  clearTimeout(lost)
  lost = setTimeout(ask, LOST_MS)
  socket.send(query)
}

/** Decoded once for each answer that there is: decoding takes longer than asking. */
function addressOf(packet: Buffer): string | undefined {
  const text = packet.toString('latin1')
  if (!known.has(text)) known.set(text, addressesIn(decodeMessage(packet)).at(-1))
  return known.get(text)
}
