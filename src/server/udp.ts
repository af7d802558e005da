// The portable UDP listener: node:dgram, one packet a callback. A packet is copied into the arena, answered into a buffer
// of the ring, and sent. `send` may queue, so a buffer goes back to the ring in its callback; when a full socket holds all
// of them, answers are dropped and counted, as the kernel would do. Errors of sending are counted and never thrown.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { ADDRESS_WORDS } from '../base/address.ts'
import { counter, dropCounter } from '../metrics/counters.ts'
import { writeClient } from './client.ts'
import type { SocketSource } from './descriptors.ts'
import { untilStopped, type Lifeline } from './lifeline.ts'
import { MAX_QUERY_BYTES, type Listen, type ListenerSetup } from './listener.ts'

const RECEIVE_BUFFER_BYTES = 4 << 20
const OVERSIZE = dropCounter('oversize')
/** Answers that may wait in libuv for a full socket. */
const RING_BUFFERS = 256

export const listenUdp: Listen = async (setup) => {
  const receive = createReceiver(setup)
  const sockets: Socket[] = []
  setup.lifeline.atEnd(() => sockets.forEach((socket) => socket.close()))
  for (const source of setup.loan) {
    const socket = await openSocket(source, setup.lifeline)
    socket.on('message', (message, from) => receive(socket, message, from))
    socket.on('error', setup.lifeline.report)
    sockets.push(socket)
  }
  setup.lifeline.ready()
  await untilStopped(setup.lifeline)
}

async function openSocket({ endpoint, fd, reusePort }: SocketSource, lifeline: Lifeline): Promise<Socket> {
  const ipv6 = endpoint.host.includes(':')
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    ipv6Only: ipv6,
    reusePort,
    // A lent descriptor has its buffer already; the system cuts this to what it allows.
    ...(fd === undefined ? { recvBufferSize: RECEIVE_BUFFER_BYTES } : {}),
    // The address of a client is an address: answering at once makes `send` synchronous (5.1 → 4.6 µs a query).
    lookup: (host, family, answer) => answer(null, host, family as unknown as number),
  })
  // Asked for before binding, which may be done at once.
  const listening = once(socket, 'listening')
  lifeline.adopt()
  if (fd === undefined) socket.bind({ address: endpoint.host, port: endpoint.port, exclusive: true })
  else socket.bind({ fd, exclusive: true })
  await listening
  return socket
}

type Receive = (socket: Socket, message: Uint8Array, from: RemoteInfo) => void

function createReceiver({ responder, counters, limits }: ListenerSetup): Receive {
  const input = new Uint8Array(MAX_QUERY_BYTES)
  const client = new Int32Array(ADDRESS_WORDS)
  const limit = limits.udpPayloadBytes
  const ring = createRing(limit, () => counters[counter.sendErrors]!++)

  return (socket, message, from) => {
    if (message.length > MAX_QUERY_BYTES) {
      counters[OVERSIZE]!++
      return
    }
    // Nothing can be sent to port 0: such a sender is forged.
    const buffer = from.port === 0 ? -1 : ring.take()
    if (buffer < 0) {
      counters[counter.sendErrors]!++
      return
    }
    input.set(message)
    writeClient(from.address, client)
    responder.enter()
    const length = responder.answer(input, 0, message.length, client, ring.bytes, buffer * limit, limit)
    responder.leave()
    if (length > 0) socket.send(ring.bytes, buffer * limit, length, from.port, from.address, ring.sent[buffer])
    else ring.give(buffer)
    responder.sent()
  }
}

interface Ring {
  /** Buffer n starts at n × its size. */
  readonly bytes: Uint8Array
  /** A free buffer's number, or −1. */
  readonly take: () => number
  readonly give: (buffer: number) => void
  /** By buffer: the callback of its sending, which gives it back. */
  readonly sent: readonly ((error: Error | null) => void)[]
}

function createRing(bufferBytes: number, onError: () => void): Ring {
  const free = Int32Array.from({ length: RING_BUFFERS }, (_, i) => i)
  let left = RING_BUFFERS
  const give = (buffer: number): void => {
    free[left++] = buffer
  }
  return {
    bytes: new Uint8Array(RING_BUFFERS * bufferBytes),
    take: () => (left > 0 ? free[--left]! : -1),
    give,
    sent: Array.from({ length: RING_BUFFERS }, (_, buffer) => (error: Error | null) => {
      give(buffer)
      if (error) onError()
    }),
  }
}
