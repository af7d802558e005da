// The TCP listener (RFC 7766): accepts, holds the limits, sweeps away what is idle, and ends in good order.
// What happens on one connection stands in `connection.ts`.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { ADDRESS_WORDS, type AddressWords } from '../base/address.ts'
import { counter, endCounter, type TcpEnd } from '../metrics/counters.ts'
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
  readonly #byOwner = new Map<string, number>()

  constructor(setup: ListenerSetup) {
    this.#setup = setup
    this.#desk = createDesk({
      responder: setup.responder,
      limits: setup.limits.tcp,
      counters: setup.counters,
      now: setup.now,
      touched: (connection) => this.#moveToEnd(connection),
      closed: (connection) => this.#leave(connection),
    })
    setup.counters[counter.tcpOpen] = 0
  }

  accept(socket: Socket): void {
    const address = socket.remoteAddress
    // Without an address it is gone already.
    if (address === undefined) return void socket.destroy()
    const { counters, limits } = this.#setup
    const client = new Int32Array(ADDRESS_WORDS)
    writeClient(address, client)
    const owner = ownerOf(client)
    const owned = this.#byOwner.get(owner) ?? 0
    if (owned >= limits.tcp.maxConnectionsPerClient) {
      counters[counter.tcpRefused]!++
      return void socket.resetAndDestroy()
    }
    if (this.#connections.size >= limits.tcp.maxConnections) this.#makeRoom()
    counters[counter.tcpConnections]!++
    this.#byOwner.set(owner, owned + 1)
    this.#connections.add(new Connection(socket, owner, client, this.#desk))
    counters[counter.tcpOpen] = this.#connections.size
  }

  /** Closes connections that have been idle for too long. */
  sweep(): void {
    const idleSince = this.#setup.now() - this.#setup.limits.tcp.idleTimeoutMs
    for (const connection of this.#connections) {
      if (connection.touchedAt > idleSince) return
      this.#end(connection, connection.waitsAs)
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

  /** Who has just been answered stays: a crowd of idle ones keeps nobody out who has something to ask. */
  #makeRoom(): void {
    const [oldest] = this.#connections
    if (oldest) this.#end(oldest, 'crowded')
  }

  #end(connection: Connection, reason: TcpEnd | undefined): void {
    if (reason !== undefined) this.#setup.counters[endCounter(reason)]!++
    connection.destroy()
    this.#leave(connection)
  }

  #moveToEnd(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#connections.add(connection)
  }

  /** Once for each connection, however often it is told. */
  #leave(connection: Connection): void {
    if (!this.#connections.delete(connection)) return
    const left = this.#byOwner.get(connection.owner)! - 1
    if (left > 0) this.#byOwner.set(connection.owner, left)
    else this.#byOwner.delete(connection.owner)
    this.#setup.counters[counter.tcpOpen] = this.#connections.size
  }
}

/** Whom a connection counts for: an IPv4 address, or the /64 from which one IPv6 host may take as many as it likes. */
function ownerOf(client: AddressWords): string {
  return client[0] === 4 ? String(client[1]) : `${client[1]} ${client[2]}`
}
