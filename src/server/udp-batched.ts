// The batched UDP listener: one system call receives many queries, one sends their answers, both on memory that is reused
// for ever. A synchronous loop, which no message, timer or signal reaches:
//
//   beat, stop? → wait for the sockets → receive a batch → answer each in place → send a batch → (more at once, or wait)
//
// Nothing is allocated for a packet or a batch: a thread that never allocates never collects. The portable one, for where
// these calls are missing, is `udp.ts`; both pass the same tests.
import { constants } from 'node:os'
import { ADDRESS_WORDS } from '../base/address.ts'
import { counter, dropCounter } from '../metrics/counters.ts'
import {
  addressAnswer,
  BATCH_SIZE,
  createBatch,
  inputAt,
  outputAt,
  readSender,
  rearm,
  receivedBytes,
  type Batch,
} from './batch.ts'
import { PULSE_MS } from './lifeline.ts'
import { loadBatchCalls, MSG_DONTWAIT, type BatchCalls } from './linux-batch.ts'
import type { Listen, ListenerSetup } from './listener.ts'
import { PollSet } from './poll-set.ts'
import { SystemError } from './system-error.ts'

/** Batches from one socket before the others, and the beat, have their turn. */
const MOST_BATCHES = 4

/** How long a batch waits, once, for a full socket; what then finds no room is dropped and counted. */
const ROOM_LIMIT_MS = 5

const OVERSIZE = dropCounter('oversize')

const { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, ENOTSOCK } = constants.errno
/** The descriptor or the memory is not what we think it is. */
const BROKEN: readonly number[] = [EBADF, EFAULT, EINVAL, ENOTSOCK]

export const listenUdpBatched: Listen = async (setup) => {
  const loop = new BatchLoop(setup, await loadBatchCalls())
  setup.lifeline.ready()
  // A call of a JavaScript function each time round: only there can the main thread end this one by force.
  while (loop.step());
}

export class BatchLoop {
  readonly #setup: ListenerSetup
  readonly #calls: BatchCalls
  readonly #batch: Batch
  readonly #fds: readonly number[]
  readonly #pollSet: PollSet
  readonly #client = new Int32Array(ADDRESS_WORDS)

  /** Sockets are lent, never adopted: the main thread closes them after the thread's end. */
  constructor(setup: ListenerSetup, calls: BatchCalls) {
    this.#setup = setup
    this.#calls = calls
    this.#batch = createBatch(setup.limits.udpPayloadBytes, calls.addressOf)
    this.#fds = setup.loan.map(({ fd }) => fd!)
    this.#pollSet = new PollSet(this.#fds, calls)
  }

  /** Once round. False when it is time to end. */
  step(): boolean {
    if (!this.#setup.lifeline.pulse()) return false
    if (!this.#pollSet.wait(PULSE_MS)) return true
    for (let socket = 0; socket < this.#fds.length; socket++) {
      if (this.#pollSet.isReady(socket)) this.#serve(socket)
    }
    return true
  }

  /** A full batch says that there is more. */
  #serve(socket: number): void {
    let batches = 0
    while (batches < MOST_BATCHES && this.#serveBatch(socket) === BATCH_SIZE) batches++
  }

  /** How many messages were received. */
  #serveBatch(socket: number): number {
    const { responder } = this.#setup
    const count = this.#calls.recvmmsg(this.#fds[socket]!, this.#batch.receiveHeaders, BATCH_SIZE, MSG_DONTWAIT, 0)
    if (count < 0) return this.#receivedNothing()
    responder.enter()
    const answers = this.#answer(count)
    responder.leave()
    rearm(this.#batch, count)
    this.#send(socket, answers)
    responder.sent()
    return count
  }

  #receivedNothing(): 0 {
    const errno = this.#calls.errno()
    if (errno === EAGAIN || errno === EINTR) return 0
    const error = new SystemError('recvmmsg', errno)
    if (BROKEN.includes(errno)) throw error
    // What befell an earlier message of the socket, or a passing shortage.
    this.#setup.lifeline.report(error)
    return 0
  }

  /** Answers each of `count` inputs into the next free output; returns how many outputs are to be sent. */
  #answer(count: number): number {
    const batch = this.#batch
    const { responder, counters } = this.#setup
    const limit = this.#setup.limits.udpPayloadBytes
    let answers = 0
    for (let n = 0; n < count; n++) {
      const length = receivedBytes(batch, n)
      // Nothing can be sent to port 0: such a sender is forged.
      if (readSender(batch, n, this.#client) === 0) counters[counter.sendErrors]!++
      else if (length < 0) counters[OVERSIZE]!++
      else {
        const at = outputAt(batch, answers)
        const bytes = responder.answer(batch.bytes, inputAt(n), length, this.#client, batch.bytes, at, limit)
        if (bytes > 0) addressAnswer(batch, n, answers++, bytes)
      }
    }
    return answers
  }

  /** Sends outputs 0 to `answers` − 1; one that cannot be sent costs no other client its answer. */
  #send(socket: number, answers: number): void {
    const fd = this.#fds[socket]!
    let sent = 0
    let mayWait = true
    while (sent < answers) {
      const count = this.#calls.sendmmsg(fd, this.#batch.sendHeaders[sent]!, answers - sent, MSG_DONTWAIT)
      const errno = count < 0 ? this.#calls.errno() : 0
      if (count > 0) {
        sent += count
      } else if (errno === EAGAIN && mayWait) {
        this.#pollSet.waitForRoom(socket, ROOM_LIMIT_MS)
        mayWait = false
      } else if (errno !== EINTR) {
        const lost = errno === EAGAIN ? answers - sent : 1
        this.#setup.counters[counter.sendErrors]! += lost
        sent += lost
      }
    }
  }
}
