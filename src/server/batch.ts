// The memory of a batch, laid out once and reused for ever: what recvmmsg fills, what sendmmsg reads.
//
//   receive header n → its sender's address, iovec → input n, its control messages
//   send header n    → a sender's address,   iovec → output n, a control message of its own
//
// The layouts are those of Linux with 64-bit pointers, little-endian; glibc and musl agree on them. Nothing here makes a
// system call, and nothing knows what a message says.
import type { AddressWords } from '../base/address.ts'
import { MAX_QUERY_BYTES } from './listener.ts'

/**
 * Messages that one call receives or sends: with 16 a query costs 5 % more CPU, with 128 to 512 the same
 * (test/bench/udp-listeners.ts).
 */
export const BATCH_SIZE = 64

/** struct mmsghdr: a msghdr, then how many bytes were received. Positions in 32-bit words. */
const HEADER_BYTES = 64
const HEADER_WORDS = HEADER_BYTES / 4
const NAME = 0
const NAME_BYTES = 2
const IOVEC = 4
const IOVEC_COUNT = 6
const CONTROL = 8
const CONTROL_BYTES = 10
const FLAGS = 12
const RECEIVED_BYTES = 14

/** The datagram was longer than its input. */
const MSG_TRUNC = 0x20

/** struct iovec: an address, a length. */
const IOVEC_WORDS = 4
const IOVEC_BYTES = 2

/** Room for a sockaddr_in6, the longest address of a UDP socket (28 bytes), or a sockaddr_in (16). */
const ADDRESS_ROOM = 32
const SOCKADDR_IN6_BYTES = 28
const AF_INET = 2

/** Room for IPV6_PKTINFO (40 bytes) beside what an inherited socket may add. */
const CONTROL_ROOM = 128

/** struct cmsghdr: a length of 64 bits that counts itself, a level, a type. Positions in words. */
const CMSG_HEADER_BYTES = 16
const CMSG_LEVEL = 2
const CMSG_TYPE = 3
const CMSG_DATA = 4
const IPPROTO_IP = 0
const IP_PKTINFO = 8
const IPPROTO_IPV6 = 41
const IPV6_PKTINFO = 50

/** struct in_pktinfo: interface, the local address, the address in the packet. */
const IP_PKTINFO_BYTES = CMSG_HEADER_BYTES + 12
/** struct in6_pktinfo: the address in the packet, interface. */
const IPV6_PKTINFO_BYTES = CMSG_HEADER_BYTES + 20

/** The way back may be another than the one that the query took. */
const ANY_INTERFACE = 0

const CACHE_LINE_BYTES = 64
const INPUT_STRIDE = strideOf(MAX_QUERY_BYTES)

/** Where each array begins in the arena, bytes; the outputs come last. */
const RECEIVE_HEADERS_AT = 0
const SEND_HEADERS_AT = RECEIVE_HEADERS_AT + BATCH_SIZE * HEADER_BYTES
const RECEIVE_IOVECS_AT = SEND_HEADERS_AT + BATCH_SIZE * HEADER_BYTES
const SEND_IOVECS_AT = RECEIVE_IOVECS_AT + BATCH_SIZE * IOVEC_WORDS * 4
const ADDRESSES_AT = SEND_IOVECS_AT + BATCH_SIZE * IOVEC_WORDS * 4
const RECEIVE_CONTROLS_AT = ADDRESSES_AT + BATCH_SIZE * ADDRESS_ROOM
const SEND_CONTROLS_AT = RECEIVE_CONTROLS_AT + BATCH_SIZE * CONTROL_ROOM
const INPUTS_AT = SEND_CONTROLS_AT + BATCH_SIZE * CONTROL_ROOM
const OUTPUTS_AT = INPUTS_AT + BATCH_SIZE * INPUT_STRIDE

export interface Batch {
  /** Inputs and outputs are windows on it, by offset. */
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly outputStride: number
  /** For the calls: the receive headers, and by number the send headers from that one on. */
  readonly receiveHeaders: Uint8Array
  readonly sendHeaders: readonly Uint8Array[]
}

/** `outputBytes` bounds each answer; `addressOf` says where memory stands. */
export function createBatch(outputBytes: number, addressOf: (buffer: ArrayBuffer) => number): Batch {
  const outputStride = strideOf(outputBytes)
  const size = OUTPUTS_AT + BATCH_SIZE * outputStride
  const buffer = new ArrayBuffer(size + CACHE_LINE_BYTES)
  const unaligned = addressOf(buffer) % CACHE_LINE_BYTES
  const start = unaligned === 0 ? 0 : CACHE_LINE_BYTES - unaligned
  const address = addressOf(buffer) + start
  const bytes = new Uint8Array(buffer, start, size)
  const words = new Int32Array(buffer, start, size / 4)
  for (let n = 0; n < BATCH_SIZE; n++) layOut(words, address, n, outputStride)
  return {
    ...{ bytes, words, outputStride },
    receiveHeaders: bytes.subarray(RECEIVE_HEADERS_AT, SEND_HEADERS_AT),
    sendHeaders: Array.from({ length: BATCH_SIZE }, (_, n) =>
      bytes.subarray(SEND_HEADERS_AT + n * HEADER_BYTES, RECEIVE_IOVECS_AT),
    ),
  }
}

/** Where input `n` begins in `bytes`; it is MAX_QUERY_BYTES long. */
export function inputAt(n: number): number {
  return INPUTS_AT + n * INPUT_STRIDE
}

export function outputAt({ outputStride }: Batch, n: number): number {
  return OUTPUTS_AT + n * outputStride
}

/** The length of input `n`, or −1 when the datagram was longer than MAX_QUERY_BYTES. */
export function receivedBytes({ words }: Batch, n: number): number {
  const header = receiveHeader(n)
  return (words[header + FLAGS]! & MSG_TRUNC) === 0 ? words[header + RECEIVED_BYTES]! : -1
}

/** Fills `client` with the sender of input `n` and returns its port. An IPv4-mapped address becomes IPv4. */
export function readSender({ words }: Batch, n: number, client: AddressWords): number {
  const at = (ADDRESSES_AT + n * ADDRESS_ROOM) / 4
  const familyAndPort = words[at]!
  if ((familyAndPort & 0xffff) === AF_INET) {
    writeIpv4(client, words[at + 1]!)
  } else if (words[at + 2] === 0 && words[at + 3] === 0 && words[at + 4] === ~0xffff) {
    writeIpv4(client, words[at + 5]!)
  } else {
    client[0] = 6
    for (let i = 1; i <= 4; i++) client[i] = turnBytes(words[at + 1 + i]!)
  }
  return turnBytes(familyAndPort) & 0xffff
}

/** Makes output `to`, of `bytes` bytes, the answer to the sender of input `from`, from the address that it asked. */
export function addressAnswer({ words }: Batch, from: number, to: number, bytes: number): void {
  const received = receiveHeader(from)
  const header = sendHeader(to)
  words[header + NAME] = words[received + NAME]!
  words[header + NAME + 1] = words[received + NAME + 1]!
  words[header + NAME_BYTES] = words[received + NAME_BYTES]!
  words[header + CONTROL_BYTES] = words[received + CONTROL_BYTES] === 0 ? 0 : writeSource(words, from, to)
  words[SEND_IOVECS_AT / 4 + to * IOVEC_WORDS + IOVEC_BYTES] = bytes
}

/** Readies the first `count` receive headers for the next call, which found the lengths of what was there in them. */
export function rearm({ words }: Batch, count: number): void {
  for (let n = 0; n < count; n++) {
    words[receiveHeader(n) + NAME_BYTES] = SOCKADDR_IN6_BYTES
    words[receiveHeader(n) + CONTROL_BYTES] = CONTROL_ROOM
  }
}

function layOut(words: Int32Array, arena: number, n: number, outputStride: number): void {
  const received = receiveHeader(n)
  const receiveIovec = RECEIVE_IOVECS_AT / 4 + n * IOVEC_WORDS
  writePointer(words, received + NAME, arena + ADDRESSES_AT + n * ADDRESS_ROOM)
  words[received + NAME_BYTES] = SOCKADDR_IN6_BYTES
  writePointer(words, received + IOVEC, arena + receiveIovec * 4)
  words[received + IOVEC_COUNT] = 1
  writePointer(words, received + CONTROL, arena + RECEIVE_CONTROLS_AT + n * CONTROL_ROOM)
  words[received + CONTROL_BYTES] = CONTROL_ROOM
  writePointer(words, receiveIovec, arena + INPUTS_AT + n * INPUT_STRIDE)
  words[receiveIovec + IOVEC_BYTES] = MAX_QUERY_BYTES

  const header = sendHeader(n)
  const sendIovec = SEND_IOVECS_AT / 4 + n * IOVEC_WORDS
  writePointer(words, header + IOVEC, arena + sendIovec * 4)
  words[header + IOVEC_COUNT] = 1
  writePointer(words, header + CONTROL, arena + SEND_CONTROLS_AT + n * CONTROL_ROOM)
  writePointer(words, sendIovec, arena + OUTPUTS_AT + n * outputStride)
}

function writePointer(words: Int32Array, word: number, address: number): void {
  words[word] = address | 0
  words[word + 1] = Math.floor(address / 2 ** 32)
}

function receiveHeader(n: number): number {
  return RECEIVE_HEADERS_AT / 4 + n * HEADER_WORDS
}

function sendHeader(n: number): number {
  return SEND_HEADERS_AT / 4 + n * HEADER_WORDS
}

function writeIpv4(client: AddressWords, networkWord: number): void {
  client[0] = 4
  client[1] = turnBytes(networkWord)
  client[2] = 0
  client[3] = 0
  client[4] = 0
}

/** From the network's order to ours. */
function turnBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/**
 * Looks through the control messages of input `from` for the address that was asked and writes the one for output `to`.
 * Returns its length; 0 leaves the choice to the system.
 */
function writeSource(words: Int32Array, from: number, to: number): number {
  const target = (SEND_CONTROLS_AT + to * CONTROL_ROOM) / 4
  let at = (RECEIVE_CONTROLS_AT + from * CONTROL_ROOM) / 4
  const end = at + words[receiveHeader(from) + CONTROL_BYTES]! / 4
  while (at + CMSG_DATA <= end) {
    const level = words[at + CMSG_LEVEL]!
    const type = words[at + CMSG_TYPE]!
    if (level === IPPROTO_IP && type === IP_PKTINFO) return writeIpv4Source(words, target, words[at + CMSG_DATA + 1]!)
    if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) return writeIpv6Source(words, target, at + CMSG_DATA)
    at += ((words[at]! + 7) & ~7) / 4
  }
  return 0
}

function writeIpv4Source(words: Int32Array, at: number, address: number): number {
  words[at] = IP_PKTINFO_BYTES
  words[at + CMSG_LEVEL] = IPPROTO_IP
  words[at + CMSG_TYPE] = IP_PKTINFO
  words[at + CMSG_DATA] = ANY_INTERFACE
  words[at + CMSG_DATA + 1] = address
  words[at + CMSG_DATA + 2] = 0
  return IP_PKTINFO_BYTES
}

function writeIpv6Source(words: Int32Array, at: number, address: number): number {
  words[at] = IPV6_PKTINFO_BYTES
  words[at + CMSG_LEVEL] = IPPROTO_IPV6
  words[at + CMSG_TYPE] = IPV6_PKTINFO
  for (let i = 0; i < 4; i++) words[at + CMSG_DATA + i] = words[address + i]!
  words[at + CMSG_DATA + 4] = ANY_INTERFACE
  return IPV6_PKTINFO_BYTES
}

/** An odd number of cache lines: beginnings of messages then spread over all sets of the cache. */
function strideOf(bytes: number): number {
  return (Math.ceil(bytes / CACHE_LINE_BYTES) | 1) * CACHE_LINE_BYTES
}
