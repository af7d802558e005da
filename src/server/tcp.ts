// The TCP listener (RFC 7766): accepts, holds the limits, sweeps away what is idle, and ends in good order.
// What happens on one connection stands in `connection.ts`.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { ADDRESS_WORDS } from '../base/address.ts'
import { counter } from '../metrics/counters.ts'
import { writeClient } from './client.ts'
import { Connection, createDesk, type Desk } from './connection.ts'
import type { SocketSource } from './descriptors.ts'
import { untilStopped, type Lifeline } from './lifeline.ts'
import type { Listen, ListenerSetup } from './listener.ts'

/** Unsent answers, bytes, from which on a connection is not served until its peer has read. */
const WRITE_LIMIT_BYTES = 16 * 1024

/** At the end a connection that has been silent for so long is closed, and all of them after that long, milliseconds. */
const LAST_WORD_MS = 200
const DRAIN_MS = 600
const DRAIN_LOOK_MS = 10

export const listenTcp: Listen = async (setup) => {
  const room = new ConnectionRoom(setup)
  const servers: Server[] = []
  const close = () => servers.forEach((server) => server.close())
  setup.lifeline.atEnd(close)
  for (const source of setup.loan) {
    const server = await openServer(source, setup.lifeline)
    server.on('connection', (socket) => room.accept(socket))
    server.on('error', setup.lifeline.report)
    servers.push(server)
  }
  setup.lifeline.ready()
  await untilStopped(setup.lifeline, () => room.sweep())
  close()
  const { idleTimeoutMs } = setup.limits.tcp
  await (setup.lifeline.ending() === 'soon' ? room.drain(LAST_WORD_MS, DRAIN_MS) : room.drain(idleTimeoutMs, Infinity))
}

async function openServer({ endpoint, fd }: SocketSource, lifeline: Lifeline): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, highWaterMark: WRITE_LIMIT_BYTES })
  lifeline.adopt()
  if (fd === undefined) server.listen({ ...endpoint, ipv6Only: endpoint.host.includes(':'), exclusive: true })
  else server.listen({ fd })
  await once(server, 'listening')
  return server
}

/** The connections that are open, and how many there may be. */
class ConnectionRoom {
  readonly #setup: ListenerSetup
  readonly #desk: Desk
  /** The one that was touched longest ago comes first. */
  readonly #connections = new Set<Connection>()
  readonly #byClient = new Map<string, number>()

  constructor(setup: ListenerSetup) {
    this.#setup = setup
    this.#desk = createDesk({
      responder: setup.responder,
      now: setup.now,
      touched: (connection) => this.#moveToEnd(connection),
      closed: (connection) => this.#leave(connection),
    })
  }

  accept(socket: Socket): void {
    const address = socket.remoteAddress
    // Without an address it is gone already.
    if (address === undefined) return void socket.destroy()
    if (this.#isFullFor(address)) {
      this.#setup.counters[counter.tcpRefused]!++
      return void socket.resetAndDestroy()
    }
    this.#setup.counters[counter.tcpConnections]!++
    this.#byClient.set(address, (this.#byClient.get(address) ?? 0) + 1)
    const client = new Int32Array(ADDRESS_WORDS)
    writeClient(address, client)
    this.#connections.add(new Connection(socket, address, client, this.#desk))
  }

  /** Closes connections that have been idle for too long. */
  sweep(): void {
    const idleSince = this.#setup.now() - this.#setup.limits.tcp.idleTimeoutMs
    for (const connection of this.#connections) {
      if (connection.touchedAt > idleSince) return
      connection.destroy()
    }
  }

  /**
   * Serves the connections on, each until it has been silent for `quietMs` and all for `limitMs` at most: a query that is
   * on its way is answered yet. Resolves when every one has sent what it had to send and is closed.
   */
  async drain(quietMs: number, limitMs: number): Promise<void> {
    const { now } = this.#setup
    const endAt = now() + limitMs
    while (this.#connections.size > 0) {
      const silentSince = now() < endAt ? now() - quietMs : Infinity
      for (const connection of this.#connections) {
        if (connection.touchedAt <= silentSince) connection.finish()
      }
      await wait(DRAIN_LOOK_MS)
    }
  }

  #isFullFor(address: string): boolean {
    const { maxConnections, maxConnectionsPerClient } = this.#setup.limits.tcp
    return this.#connections.size >= maxConnections || (this.#byClient.get(address) ?? 0) >= maxConnectionsPerClient
  }

  #moveToEnd(connection: Connection): void {
    this.#connections.delete(connection)
    this.#connections.add(connection)
  }

  #leave(connection: Connection): void {
    this.#connections.delete(connection)
    const left = this.#byClient.get(connection.address)! - 1
    if (left > 0) this.#byClient.set(connection.address, left)
    else this.#byClient.delete(connection.address)
  }
}
