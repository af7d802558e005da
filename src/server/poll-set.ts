// The sockets that a thread waits for, in the memory that poll(2) reads and writes: laid out once, reused for ever.
import { constants } from 'node:os'
import type { BatchCalls } from './linux-batch.ts'
import { SystemError } from './system-error.ts'

/** struct pollfd: a descriptor, what to wait for (16 bits), what there is (16 bits). */
const ENTRY_WORDS = 2
const ENTRY_BYTES = ENTRY_WORDS * 4

const POLLIN = 0x1
const POLLOUT = 0x4
const POLLNVAL = 0x20

/** V8 keeps smaller buffers on its heap, where they move. */
const LEAST_FIXED_BYTES = 1024

export class PollSet {
  readonly #calls: BatchCalls
  readonly #fds: readonly number[]
  readonly #words: Int32Array
  /** From each entry on. */
  readonly #entries: readonly Uint8Array[]

  constructor(fds: readonly number[], calls: BatchCalls) {
    const buffer = new ArrayBuffer(Math.max(LEAST_FIXED_BYTES, fds.length * ENTRY_BYTES))
    this.#calls = calls
    this.#fds = fds
    this.#words = new Int32Array(buffer)
    this.#entries = fds.map((_, i) => new Uint8Array(buffer, i * ENTRY_BYTES))
    fds.forEach((fd, i) => (this.#words[i * ENTRY_WORDS] = fd))
  }

  /** Waits until one of the sockets has something to read, `limitMs` at most. False when none has. */
  wait(limitMs: number): boolean {
    for (let i = 0; i < this.#fds.length; i++) this.#words[i * ENTRY_WORDS + 1] = POLLIN
    return this.#poll(0, this.#fds.length, limitMs) > 0
  }

  /** Whether a receive from socket `i` is worth trying, after `wait` said yes. */
  isReady(i: number): boolean {
    const found = this.#words[i * ENTRY_WORDS + 1]! >>> 16
    if ((found & POLLNVAL) !== 0) throw new Error(`descriptor ${this.#fds[i]!} was closed under its listener`)
    return found !== 0
  }

  /** Waits until socket `i` takes another message, `limitMs` at most. */
  waitForRoom(i: number, limitMs: number): void {
    this.#words[i * ENTRY_WORDS + 1] = POLLOUT
    this.#poll(i, 1, limitMs)
  }

  #poll(from: number, count: number, limitMs: number): number {
    const ready = this.#calls.poll(this.#entries[from]!, count, limitMs)
    const errno = ready < 0 ? this.#calls.errno() : 0
    if (ready < 0 && errno !== constants.errno.EINTR) throw new SystemError('poll', errno)
    return ready
  }
}
