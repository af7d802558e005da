// Descriptors sent from one process to another of the same machine: unix datagrams with SCM_RIGHTS (unix(7)), which Node has
// no word for. The kernel gives the receiver descriptors of its own for the very same sockets, with all that waits in them.
import type { LinuxCalls } from './linux-calls.ts'
import { AF_UNIX, unixAddress } from './socket-address.ts'

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 0o2_004_002
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x4000_0000

/** SCM_MAX_FD is 253. */
const MOST_PER_MESSAGE = 200

/** struct msghdr on 64-bit Linux, little-endian; positions in 32-bit words. */
const NAME = 0
const NAME_BYTES = 2
const IOVEC = 4
const IOVEC_COUNT = 6
const CONTROL = 8
const CONTROL_BYTES = 10

/** Where each part of a message stands in its memory, bytes. */
const IOVEC_AT = 64
const PAYLOAD_AT = 80
const NAME_AT = 128
const CONTROL_AT = 256
const MEMORY_BYTES = 4096

/** struct cmsghdr: a length of 64 bits that counts itself, a level, a type. */
const CMSG_HEADER_BYTES = 16
const CONTROL_ROOM = CMSG_HEADER_BYTES + 4 * MOST_PER_MESSAGE

/** Throws a SystemError: ENOENT or ECONNREFUSED when nobody reads there. */
export function sendDescriptors(calls: LinuxCalls, path: string, fds: readonly number[]): void {
  const socket = calls.check('socket', calls.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0))
  try {
    for (let from = 0; from < fds.length; from += MOST_PER_MESSAGE) {
      const { bytes, words } = createMessage(calls)
      writeName(calls, { bytes, words }, unixAddress(path))
      writeRights(words, fds.slice(from, from + MOST_PER_MESSAGE))
      calls.check('sendmsg', calls.sendmsg(socket, bytes, MSG_DONTWAIT | MSG_NOSIGNAL))
    }
  } finally {
    calls.close(socket)
  }
}

export interface Basket {
  /** All that has come, closed on exec. */
  readonly receive: () => readonly number[]
  readonly close: () => void
}

/** A place for descriptors to be sent to; nothing may stand at the path yet. Throws a SystemError. */
export function openBasket(calls: LinuxCalls, path: string): Basket {
  const socket = calls.check('socket', calls.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0))
  const address = unixAddress(path)
  try {
    calls.check('bind', calls.bind(socket, address, address.length))
  } catch (error) {
    calls.close(socket)
    throw error
  }
  return {
    receive: () => {
      const fds: number[] = []
      for (;;) {
        const { bytes, words } = createMessage(calls)
        words[CONTROL_BYTES] = CONTROL_ROOM
        if (calls.recvmsg(socket, bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) return fds
        fds.push(...readRights(words))
      }
    },
    close: () => void calls.close(socket),
  }
}

interface Message {
  readonly bytes: Uint8Array
  readonly words: Int32Array
}

/** One byte of payload: a message without one carries nothing. */
function createMessage(calls: LinuxCalls): Message {
  const buffer = new ArrayBuffer(MEMORY_BYTES)
  const start = calls.addressOf(buffer)
  const message = { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) }
  writePointer(message.words, IOVEC, start + IOVEC_AT)
  message.words[IOVEC_COUNT] = 1
  writePointer(message.words, IOVEC_AT / 4, start + PAYLOAD_AT)
  message.words[IOVEC_AT / 4 + 2] = 1
  writePointer(message.words, CONTROL, start + CONTROL_AT)
  return message
}

function writeName(calls: LinuxCalls, { bytes, words }: Message, name: Uint8Array): void {
  bytes.set(name, NAME_AT)
  writePointer(words, NAME, calls.addressOf(bytes.buffer as ArrayBuffer) + NAME_AT)
  words[NAME_BYTES] = name.length
}

function writeRights(words: Int32Array, fds: readonly number[]): void {
  const bytes = CMSG_HEADER_BYTES + fds.length * 4
  words[CONTROL_BYTES] = (bytes + 7) & ~7
  words.set([bytes, 0, SOL_SOCKET, SCM_RIGHTS, ...fds], CONTROL_AT / 4)
}

function readRights(words: Int32Array): readonly number[] {
  if (words[CONTROL_BYTES]! < CMSG_HEADER_BYTES) return []
  const at = CONTROL_AT / 4
  if (words[at + 2] !== SOL_SOCKET || words[at + 3] !== SCM_RIGHTS) return []
  return [...words.subarray(at + CMSG_HEADER_BYTES / 4, at + words[at]! / 4)]
}

function writePointer(words: Int32Array, word: number, address: number): void {
  words[word] = address | 0
  words[word + 1] = Math.floor(address / 2 ** 32)
}
