// The system calls of the batched listener, for the thread that makes them. Memory is passed as a view that begins where
// the call is to begin: an address, being above 2³¹, would be a new number on the heap each time (16 bytes).
import { SystemError } from './system-error.ts'

/** recvmsg(2), sendmsg(2). */
export const MSG_DONTWAIT = 0x40

/** A call returns −1 when the system refuses; `errno` then says why. */
export interface BatchCalls {
  /** How many of the `count` entries (struct pollfd) are ready, after `timeoutMs` at most. */
  readonly poll: (entries: Uint8Array, count: number, timeoutMs: number) => number
  /** How many messages came, into the first of `count` headers (struct mmsghdr). */
  readonly recvmmsg: (fd: number, headers: Uint8Array | null, count: number, flags: number, timeout: 0) => number
  /** How many were sent. It stops before a message that fails, and says why only when that one is its first. */
  readonly sendmmsg: (fd: number, headers: Uint8Array | null, count: number, flags: number) => number
  /** The positive number that the last call left. */
  readonly errno: () => number
  /** Where the memory stands, for pointers in it: V8 never moves that of a large ArrayBuffer. */
  readonly addressOf: (buffer: ArrayBuffer) => number
}

/** Throws when koffi or a call is missing. */
export async function loadBatchCalls(): Promise<BatchCalls> {
  const { default: koffi } = await import('koffi')
  const library = koffi.load(null)
  return {
    poll: library.func('int poll(void *, uint64_t, int)') as BatchCalls['poll'],
    recvmmsg: library.func('int recvmmsg(int, void *, uint32_t, int, uint64_t)') as BatchCalls['recvmmsg'],
    sendmmsg: library.func('int sendmmsg(int, void *, uint32_t, int)') as BatchCalls['sendmmsg'],
    errno: () => koffi.errno(),
    addressOf: (buffer) => Number(koffi.address(buffer)),
  }
}

/** Why this machine cannot read that socket in batches (a sandbox may forbid the calls); undefined when it can. */
export async function findBatchObstacle(fd: number): Promise<string | undefined> {
  try {
    const calls = await loadBatchCalls()
    if (calls.recvmmsg(fd, null, 0, MSG_DONTWAIT, 0) < 0) throw new SystemError('recvmmsg', calls.errno())
    if (calls.sendmmsg(fd, null, 0, MSG_DONTWAIT) < 0) throw new SystemError('sendmmsg', calls.errno())
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
