// The entry of a data-plane thread: takes its setup, makes its responder, listens until told to end.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import type { Transport } from './listen-fault.ts'
import type { Loan, UdpSockets } from './descriptors.ts'
import { guardResponder } from './guard.ts'
import { createLifeline, type Control } from './lifeline.ts'
import type { ResponderModule, ResponderSetup } from './responder.ts'
import { listenTcp } from './tcp.ts'
import { listenUdpBatched } from './udp-batched.ts'
import { listenUdp } from './udp.ts'

/** `workerData` of this thread. */
export interface WorkerSetup extends ResponderSetup {
  readonly transport: Transport
  readonly loan: Loan
  readonly udpSockets: UdpSockets
  readonly control: Control
  /** The address of the module that makes the responder. */
  readonly responder: string
}

const setup = workerData as WorkerSetup
const { now } = systemClock
const lifeline = createLifeline(setup.control, (message) => parentPort!.postMessage(message), now)
const { createResponder } = (await import(setup.responder)) as ResponderModule
const responder = guardResponder(createResponder(setup), setup.counters, lifeline.report)
const listenToUdp = setup.udpSockets === 'batched' ? listenUdpBatched : listenUdp
const listen = setup.transport === 'udp' ? listenToUdp : listenTcp
await listen({
  loan: setup.loan,
  responder,
  counters: setup.counters,
  lifeline,
  limits: setup.limits,
  now,
})
// The snapshot's port would keep the thread alive.
process.exit(0)
