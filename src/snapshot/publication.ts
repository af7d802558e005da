// How a snapshot reaches the workers, and when its memory may be used again.
//
//   publisher (main):   write parts into free arenas → root record of generation n+1 → GENERATION = n+1
//   subscription:       enter() after a receive: acknowledge the current generation · leave() before waiting: PARKED
//
// A root record names one arena for each part, so parts are published apart and always seen together. A generation's
// arenas and root record are free once no worker acknowledges it. The acknowledgement is a hazard pointer: a worker
// stores it and reads GENERATION again, so that a publisher who saw it parked can never pull memory from under it.
// An idle or dead worker is parked and holds up nobody.
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { openArena, PARTS, roomFor, type Arena, type Part } from './arena.ts'

/** Layout of the control block, in 32-bit words. */
const GENERATION = 0
const ROOTS_AT = 1
const ROOT_COUNT = 8
const ROOT_WORDS = PARTS.length
const ACKNOWLEDGED_AT = ROOTS_AT + ROOT_COUNT * ROOT_WORDS

const PARKED = -1

/** Three arenas a part: one serves, one may still be read by a slow worker, one is written. */
const POOL_SIZE = 3

interface ArenaMessage {
  readonly id: number
  readonly buffer: SharedArrayBuffer
  /** The arena that this one takes the place of. */
  readonly replaces: number | undefined
}

/** The main thread's end. Not for use by two callers at once: publications are made in turn. */
export class Publisher {
  readonly control: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #ports: (MessagePort | undefined)[]
  readonly #pools = new Map<Part, Arena[]>(PARTS.map((part) => [part, []]))
  /** The arenas of each generation that a worker may still hold. */
  readonly #roots = new Map<number, Record<Part, Arena>>()
  #nextArenaId = 1

  constructor(slots: number) {
    this.control = new SharedArrayBuffer((ACKNOWLEDGED_AT + slots) * Int32Array.BYTES_PER_ELEMENT)
    this.#words = new Int32Array(this.control).fill(PARKED, ACKNOWLEDGED_AT)
    this.#ports = Array<undefined>(slots).fill(undefined)
  }

  /** The number of the snapshot that answers now; 0 before the first. */
  get generation(): number {
    return this.#words[GENERATION]!
  }

  /** A port for a new worker of that slot, with every arena posted to it already. Transfer it in `workerData`. */
  attach(slot: number): MessagePort {
    this.detach(slot)
    const { port1, port2 } = new MessageChannel()
    port1.unref()
    for (const arena of [...this.#pools.values()].flat()) port1.postMessage(arenaMessage(arena))
    this.#ports[slot] = port1
    return port2
  }

  /** To be called when a slot's worker is gone: whatever it acknowledged is void. */
  detach(slot: number): void {
    this.#ports[slot]?.close()
    this.#ports[slot] = undefined
    Atomics.store(this.#words, ACKNOWLEDGED_AT + slot, PARKED)
  }

  /**
   * An arena of at least that size that nobody reads, or undefined while all are in use: try again when workers have
   * moved on. It stays free until it is published.
   */
  free(part: Part, bytes: number): Arena | undefined {
    this.#reclaim()
    const pool = this.#pools.get(part)!
    const used = new Set([...this.#roots.values()].map((root) => root[part].id))
    const idle = pool.filter(({ id }) => !used.has(id))
    const fitting = idle.find(({ buffer }) => buffer.byteLength >= bytes)
    if (fitting) return fitting
    if (idle.length === 0 && pool.length >= POOL_SIZE) return undefined
    return this.adopt(part, new SharedArrayBuffer(roomFor(bytes)))
  }

  /** The pooled arena over that memory, if it is one. */
  arenaOf(part: Part, buffer: SharedArrayBuffer): Arena | undefined {
    return this.#pools.get(part)!.find((arena) => arena.buffer === buffer)
  }

  /** Takes a buffer that was written elsewhere (a build worker) into the pool, in the place of an idle one. */
  adopt(part: Part, buffer: SharedArrayBuffer): Arena {
    const arena = openArena(this.#nextArenaId++, buffer)
    const pool = this.#pools.get(part)!
    const used = new Set([...this.#roots.values()].map((root) => root[part].id))
    const outgrown = pool.findIndex(({ id }) => !used.has(id))
    const replaces = outgrown < 0 ? undefined : pool.splice(outgrown, 1)[0]!.id
    pool.push(arena)
    for (const port of this.#ports) port?.postMessage(arenaMessage(arena, replaces))
    return arena
  }

  /**
   * Makes the next snapshot of these arenas and, for parts not named, those of the present one.
   * The first publication must name all parts. False when a worker still holds the oldest root record: try again.
   */
  publish(parts: Partial<Record<Part, Arena>>): boolean {
    this.#reclaim()
    const next = this.generation + 1
    if (this.#roots.has(next - ROOT_COUNT)) return false
    const root = { ...this.#roots.get(this.generation), ...parts } as Record<Part, Arena>
    PARTS.forEach((part, i) => {
      Atomics.store(this.#words, rootAt(next) + i, root[part].id)
    })
    this.#roots.set(next, root)
    Atomics.store(this.#words, GENERATION, next)
    return true
  }

  /** The arenas of the snapshot that answers now. */
  current(): Readonly<Record<Part, Arena>> | undefined {
    return this.#roots.get(this.generation)
  }

  /** Slots whose workers have not yet left a generation older than the current one. */
  behind(): number[] {
    const { generation } = this
    return this.#ports.flatMap((_, slot) => {
      const acknowledged = Atomics.load(this.#words, ACKNOWLEDGED_AT + slot)
      return acknowledged !== PARKED && acknowledged < generation ? [slot] : []
    })
  }

  close(): void {
    this.#ports.forEach((_, slot) => this.detach(slot))
  }

  #reclaim(): void {
    const held = new Set(this.#ports.map((_, slot) => Atomics.load(this.#words, ACKNOWLEDGED_AT + slot)))
    for (const generation of this.#roots.keys()) {
      if (generation !== this.generation && !held.has(generation)) this.#roots.delete(generation)
    }
  }
}

/** What `respond` reads: views over the arenas of one generation. The object stays, its fields move on. */
export interface Snapshot {
  number: number
  zoneWords: Int32Array
  zoneBytes: Uint8Array
  mapWords: Int32Array
  planWords: Int32Array
  planHalves: Uint16Array
  planBytes: Uint8Array
}

/** A worker's end. */
export class Subscription {
  readonly snapshot: Snapshot
  readonly #words: Int32Array
  readonly #slot: number
  readonly #port: MessagePort
  readonly #arenas = new Map<number, Arena>()

  constructor(control: SharedArrayBuffer, slot: number, port: MessagePort) {
    const none = openArena(0, new SharedArrayBuffer(0))
    this.#words = new Int32Array(control)
    this.#slot = ACKNOWLEDGED_AT + slot
    this.#port = port
    this.snapshot = {
      number: 0,
      zoneWords: none.words,
      zoneBytes: none.bytes,
      mapWords: none.words,
      planWords: none.words,
      planHalves: none.halves,
      planBytes: none.bytes,
    }
  }

  /** After a receive has returned and before its first answer: holds the current generation until `leave`. */
  enter(): void {
    let generation
    do {
      generation = Atomics.load(this.#words, GENERATION)
      Atomics.store(this.#words, this.#slot, generation)
    } while (Atomics.load(this.#words, GENERATION) !== generation)
    if (generation !== this.snapshot.number) this.#turnTo(generation)
  }

  /** Before waiting: this worker reads nothing. */
  leave(): void {
    Atomics.store(this.#words, this.#slot, PARKED)
  }

  #turnTo(generation: number): void {
    const at = rootAt(generation)
    const [zones, maps, plan] = [this.#arena(at), this.#arena(at + 1), this.#arena(at + 2)]
    const { snapshot } = this
    snapshot.zoneWords = zones.words
    snapshot.zoneBytes = zones.bytes
    snapshot.mapWords = maps.words
    snapshot.planWords = plan.words
    snapshot.planHalves = plan.halves
    snapshot.planBytes = plan.bytes
    snapshot.number = generation
  }

  #arena(at: number): Arena {
    const id = this.#words[at]!
    while (!this.#arenas.has(id)) {
      const received = receiveMessageOnPort(this.#port) as { message: ArenaMessage } | undefined
      if (!received) throw new Error(`arena ${id} was published but never posted`)
      const { message } = received
      if (message.replaces !== undefined) this.#arenas.delete(message.replaces)
      this.#arenas.set(message.id, openArena(message.id, message.buffer))
    }
    return this.#arenas.get(id)!
  }
}

function arenaMessage({ id, buffer }: Arena, replaces?: number): ArenaMessage {
  return { id, buffer, replaces }
}

function rootAt(generation: number): number {
  return ROOTS_AT + (generation % ROOT_COUNT) * ROOT_WORDS
}
