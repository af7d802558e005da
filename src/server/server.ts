// The servers, as the main thread sees them: sockets opened once, worker threads kept alive on them.
//
//   slots 0 … n−1: UDP workers · slot n: the TCP worker
//
// `start` comes after the first snapshot is published and when the world may ask; answering goes on without the main
// thread from then on. Nothing here knows what a query is.
import { extname } from 'node:path'
import { systemClock, type Clock } from '../base/clock.ts'
import { createCounters, type Counters } from '../metrics/counters.ts'
import { createQueryLog, setSample, type QueryLog } from '../query/query-log.ts'
import { openDescriptors, type Descriptors, type UdpSockets } from './descriptors.ts'
import type { HandedSocket } from './handed-over.ts'
import type { Endpoint, ListenFault } from './listen-fault.ts'
import type { Ending } from './lifeline.ts'
import type { Limits, TcpLimits } from './limits.ts'
import { WorkerSlot, type ServerEvents, type WorkerStatus } from './slot.ts'
import { Spares } from './spares.ts'
import { LOOK_MS } from './watch.ts'
import type { Publication } from './worker-life.ts'

/** Each slot's room, in places: for the counters that walk slot tables (2 MiB), and for the tallies of answers (1 MiB). */
export const PICK_PLACES = 1 << 19
export const TALLY_PLACES = 1 << 17

/** After this a UDP worker that does not end by itself is ended. */
const STOP_LIMIT_MS = 200
/** The same for the TCP worker, whose clients may still be reading their answers; and when there is no hurry. */
const TCP_STOP_LIMIT_MS = 1000
const TCP_UNHURRIED_LIMIT_MS = 30_000

const DEFAULT_UDP_PAYLOAD_BYTES = 1232

export interface ServerOptions {
  readonly endpoints: readonly Endpoint[]
  /** UDP worker threads, at least one. */
  readonly workers: number
  /** With at least `lanesFor(workers)` slots. */
  readonly publication: Publication
  readonly tcp: TcpLimits
  /** The longest UDP answer, 1232 bytes by default. */
  readonly udpPayloadBytes?: number
  /** One query in `sample` (0: none) is written into the ring of its worker, which holds `keep`. Missing: none. */
  readonly queryLog?: { readonly sample: number; readonly keep: number }
  /** Client prefixes that the rate limit of one worker tells apart. */
  readonly rateLimitBuckets?: number
  readonly events?: ServerEvents
  /** The module that answers, `responder.ts` of this folder by default. */
  readonly responder?: URL
  /** How UDP is read: in batches, where this machine can, unless chosen here. */
  readonly sockets?: UdpSockets
  /** For tests: do as where system calls cannot be made (koffi or Linux is missing). */
  readonly withoutSystemCalls?: boolean
  /** Allows `kill` and `spin`. */
  readonly testHooks?: boolean
  readonly clock?: Clock
}

/** Workers of one slot that may be alive at a time: one that serves, and two that may yet come to themselves. */
const LANES = 3

/** Lanes of the publication that a server with so many UDP workers takes. */
export function lanesFor(workers: number): number {
  return LANES * slotsFor(workers)
}

function slotsFor(workers: number): number {
  return workers + 1
}

export class Server {
  /** By slot. */
  readonly counters: readonly Counters[]
  /** By slot: answers given, by service and region. */
  readonly tallies: readonly Float64Array[]
  /** By slot. */
  readonly queryLogs: readonly QueryLog[]
  readonly #options: ServerOptions
  readonly #clock: Clock
  /** Queries by name, class and family, by slot; those of pinned services are not counted. */
  readonly picks: readonly Int32Array[]
  #descriptors: Descriptors | undefined
  #slots: readonly WorkerSlot[] = []
  readonly #spares: Spares
  #timer: NodeJS.Timeout | undefined

  constructor(options: ServerOptions) {
    const slots = Array.from({ length: slotsFor(options.workers) })
    this.#options = options
    const ownResponder = new URL(`./responder${extname(import.meta.filename)}`, import.meta.url)
    this.#spares = new Spares({
      responder: (options.responder ?? ownResponder).href,
      mayBatch: options.sockets !== 'portable' && process.platform === 'linux',
    })
    this.#clock = options.clock ?? systemClock
    this.counters = slots.map(createCounters)
    this.tallies = slots.map(
      () => new Float64Array(new SharedArrayBuffer(TALLY_PLACES * Float64Array.BYTES_PER_ELEMENT)),
    )
    const { keep = 0, sample = 0 } = options.queryLog ?? {}
    this.queryLogs = slots.map(() => createQueryLog(keep, sample))
    this.picks = slots.map(() => new Int32Array(new SharedArrayBuffer(PICK_PLACES * Int32Array.BYTES_PER_ELEMENT)))
  }

  /** Where the server listens, with the ports really taken; empty before `start`. */
  get endpoints(): readonly Endpoint[] {
    return this.#descriptors?.endpoints ?? []
  }

  /** Starts the threads of all workers, which stand by until `start`: when something else takes longer. */
  prepare(): void {
    this.#spares.prepare(slotsFor(this.#options.workers))
  }

  /**
   * Opens every socket and starts every worker; resolves when all of them read. When an address cannot be had, nothing
   * is open and the faults say why. Rejects when a worker cannot start at all (a broken installation). `handed`: sockets
   * of these endpoints that another process opened.
   */
  async start(handed: readonly HandedSocket[] = []): Promise<readonly ListenFault[]> {
    const { endpoints, workers, sockets, withoutSystemCalls } = this.#options
    const opened = await openDescriptors({
      ...{ endpoints, udpWorkers: workers, handed },
      ...(sockets && { sockets }),
      ...(withoutSystemCalls && { withoutSystemCalls }),
    })
    if (!('lendUdp' in opened)) return opened
    this.#descriptors = opened
    this.#slots = this.#createSlots(opened)
    this.#watch()
    try {
      await Promise.all(this.#slots.map((slot) => slot.start()))
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#spares.prepare()
    return []
  }

  /**
   * Ends every worker and closes every socket: connections of TCP may finish what they were sent, for a second at most, and
   * then UDP ends, within 200 ms. Unhurried, UDP ends at once and connections when they have been idle for as long as they
   * may, or after half a minute. May be called at any time and more than once.
   */
  async stop(ending: Ending = 'soon'): Promise<void> {
    clearInterval(this.#timer)
    const slots = this.#slots
    this.#slots = []
    const isTcp = (slot: WorkerSlot) => slot.status().transport === 'tcp'
    const tcpLimitMs = ending === 'soon' ? TCP_STOP_LIMIT_MS : TCP_UNHURRIED_LIMIT_MS
    const tcp = Promise.all(slots.filter(isTcp).map((slot) => slot.stop(ending, tcpLimitMs)))
    if (ending === 'soon') await tcp
    const udp = slots.filter((slot) => !isTcp(slot)).map((slot) => slot.stop('soon', STOP_LIMIT_MS))
    await Promise.all([tcp, ...udp, this.#spares.stop()])
    this.#descriptors?.close()
    this.#descriptors = undefined
  }

  workers(): readonly WorkerStatus[] {
    return this.#slots.map((slot) => slot.status())
  }

  /** Every socket, for who takes over; none where workers open their own. */
  descriptors(): readonly number[] {
    return this.#descriptors?.descriptors() ?? []
  }

  /** From the workers' next receives on: one query in so many, or none. */
  sample(oneIn: number): void {
    for (const log of this.queryLogs) setSample(log, oneIn)
  }

  /** One line for the log: how UDP is read and sockets are made on this machine, and why not better. */
  describe(): string {
    return this.#descriptors?.describe() ?? 'not listening'
  }

  /** Test hook: that slot's worker dies of an exception. */
  kill(slot: number): void {
    this.#hooked(slot).kill()
  }

  /** Test hook: that slot's worker stands still for so many milliseconds. */
  spin(slot: number, ms: number): void {
    this.#hooked(slot).spin(ms)
  }

  #createSlots(descriptors: Descriptors): WorkerSlot[] {
    const tcpSlot = this.#options.workers
    const udpSlots = Array.from({ length: descriptors.udpWorkers }, (_, slot) => slot)
    return [...udpSlots, tcpSlot].map((slot) => this.#createSlot(descriptors, slot))
  }

  #createSlot(descriptors: Descriptors, slot: number): WorkerSlot {
    const { workers, publication, events } = this.#options
    return new WorkerSlot({
      ...{ slot, spares: this.#spares, descriptors, publication },
      lanes: Array.from({ length: LANES }, (_, lane) => slot + lane * slotsFor(workers)),
      transport: slot === workers ? 'tcp' : 'udp',
      counters: this.counters[slot]!,
      picks: this.picks[slot]!,
      tallies: this.tallies[slot]!,
      queryLog: this.queryLogs[slot]!,
      limits: this.#limits(),
      events: events ?? {},
      now: this.#clock.now,
    })
  }

  #limits(): Limits {
    const { tcp, udpPayloadBytes = DEFAULT_UDP_PAYLOAD_BYTES, rateLimitBuckets } = this.#options
    return { udpPayloadBytes, tcp, ...(rateLimitBuckets !== undefined && { rateLimitBuckets }) }
  }

  #watch(): void {
    let lookedAt = this.#clock.now()
    this.#timer = setInterval(() => {
      const now = this.#clock.now()
      for (const slot of this.#slots) slot.look(now - lookedAt)
      lookedAt = now
    }, LOOK_MS)
  }

  #hooked(slot: number): WorkerSlot {
    const found = this.#slots.find((candidate) => candidate.status().slot === slot)
    if (!this.#options.testHooks || !found) throw new Error(`no test hook for slot ${slot}`)
    return found
  }
}
