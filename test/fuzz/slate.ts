// Where the fuzzing thread writes what it is about to try, so that the watching thread can read it when nothing comes back.
// In shared memory: a thread in an endless loop answers no messages.

const HEADER_WORDS = 4
const MAX_BYTES = 1 << 22
const MAX_CONTEXT_BYTES = 256

const word = { count: 0, contextLength: 1, length: 2 } as const

/** What is tried: a few words of context, and the input. */
export interface Tried {
  readonly context: string
  readonly bytes: Uint8Array
}

export function createSlate(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_WORDS * 4 + MAX_CONTEXT_BYTES + MAX_BYTES)
}

/** The writing side. */
export function openSlate(slate: SharedArrayBuffer): (context: string, bytes: Uint8Array) => void {
  const words = new Int32Array(slate, 0, HEADER_WORDS)
  const contextRoom = Buffer.from(slate, HEADER_WORDS * 4, MAX_CONTEXT_BYTES)
  const room = new Uint8Array(slate, HEADER_WORDS * 4 + MAX_CONTEXT_BYTES)
  return (context, bytes) => {
    words[word.contextLength] = contextRoom.write(context, 'latin1')
    words[word.length] = Math.min(bytes.length, MAX_BYTES)
    room.set(bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes)
    Atomics.add(words, word.count, 1)
  }
}

/** How many inputs were tried so far. */
export function countTried(slate: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(slate, 0, HEADER_WORDS), word.count)
}

/** The input that is being tried. */
export function readSlate(slate: SharedArrayBuffer): Tried {
  const words = new Int32Array(slate, 0, HEADER_WORDS)
  const contextAt = HEADER_WORDS * 4
  const context = Buffer.from(slate, contextAt, words[word.contextLength]).toString('latin1')
  const bytes = new Uint8Array(slate, contextAt + MAX_CONTEXT_BYTES, words[word.length])
  return { context, bytes: bytes.slice() }
}
