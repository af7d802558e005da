// The entry of a data-plane thread. It loads its code, then waits to be told what to serve, so that a spare one can stand
// by and take another's place at once (spares.ts); told, it makes its responder and listens until it is time to end.
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { settleHeap } from '../base/settled-heap.ts'
import type { Counters } from '../metrics/counters.ts'
import type { Transport } from './listen-fault.ts'
import type { Loan, UdpSockets } from './descriptors.ts'
import { guardResponder } from './guard.ts'
import { createLifeline, type Control } from './lifeline.ts'
import type { Limits } from './limits.ts'
import { loadBatchCalls } from './linux-batch.ts'
import type { ResponderModule, ResponderSetup } from './responder.ts'
import { listenTcp } from './tcp.ts'
import { listenUdpBatched } from './udp-batched.ts'
import { listenUdp } from './udp.ts'

/** `workerData` of this thread. */
export interface SpareSetup {
  readonly control: Control
  /** The address of the module that makes the responder. */
  readonly responder: string
  /** Whether it may come to read sockets in batches, and had better load what that takes. */
  readonly mayBatch: boolean
}

/** The one message that it gets. */
export interface WorkerOrders extends ResponderSetup {
  readonly transport: Transport
  readonly loan: Loan
  readonly udpSockets: UdpSockets
  readonly counters: Counters
  readonly limits: Limits
}

const { control, responder: responderModule, mayBatch } = workerData as SpareSetup
const { now } = systemClock
const lifeline = createLifeline(control, (message) => parentPort!.postMessage(message), now)
const told = once(parentPort!, 'message') as Promise<[WorkerOrders]>
const { createResponder } = (await import(responderModule)) as ResponderModule
// What the batched listener loads, whoever needs it in the end: a spare may take any place. It tells what is wrong.
if (mayBatch) await loadBatchCalls().catch(() => undefined)
settleHeap()
const [orders] = await told
const responder = guardResponder(createResponder(orders), orders.counters, lifeline.report)
const listenToUdp = orders.udpSockets === 'batched' ? listenUdpBatched : listenUdp
const listen = orders.transport === 'udp' ? listenToUdp : listenTcp
await listen({
  loan: orders.loan,
  responder,
  counters: orders.counters,
  lifeline,
  limits: orders.limits,
  now,
})
// The snapshot's port would keep the thread alive.
process.exit(0)
