// Throws one packet at respond() and judges what comes back. Everything is done twice, by two workers that have seen the same
// packets, at different places in buffers of different filling: an answer that depends on a byte outside of the packet, or
// that holds a byte which was not written, comes out different.
import { respond } from '../../src/query/respond.ts'
import type { QueryWorker } from '../../src/query/worker.ts'
import { decodeMessage, type DecodedMessage } from '../support/message.ts'
import { workerOver } from '../support/query-worker.ts'
import { clientWords, type PacketCase } from './packet-case.ts'
import { judgeAnswer, readShape, type Shape } from './packet-oracle.ts'
import type { Scene } from './scenes.ts'

const BIGGEST = 65535
const MARGIN = 1024
/** Bytes before and behind the output that are looked at after each answer; the rest of the margins now and then. */
const WATCHED = 32
/** Both calls together; the slowest honest answer takes about 1 ms. */
const SLOW_MS = 20
const RETRIES = 3
/** Between two packets for one scene, by the coarse clock of its workers: rate limits come and go. */
const TICK_MS = 7

const NOTHING = new Uint8Array(0)

/** Buffers for one of the two workers of each scene. */
interface Arena {
  readonly input: Uint8Array
  readonly output: Uint8Array
  readonly inputAt: number
  readonly outputAt: number
  readonly filling: number
  /** How far the last answer may have written behind `outputAt`, what it rolled back included. */
  written: number
}

export interface Verdict {
  /** `code` or `code: more`; undefined when nothing is wrong. */
  readonly complaint: string | undefined
  readonly shape: Shape
  /** Valid until the next packet. Empty: silence. */
  readonly answer: Uint8Array
  /** Undefined for silence, and for an answer that was decoded before (but for its ID). */
  readonly decoded: DecodedMessage | undefined
}

export class PacketTarget {
  readonly #scenes: ReadonlyMap<string, Scene>
  readonly #arenas = [createArena(0x00, 97), createArena(0xff, 203)] as const
  /** Hashes of answers that were decoded, in a table without chains: what is displaced is decoded again. */
  readonly #decodedBefore: Int32Array
  #workers = new Map<string, readonly [QueryWorker, QueryWorker]>()

  constructor(scenes: ReadonlyMap<string, Scene>, remembered = 1 << 20) {
    this.#scenes = scenes
    this.#decodedBefore = new Int32Array(remembered)
  }

  /** Replaces all workers by new ones, so that what came before does not matter. */
  reset(): void {
    this.#workers = new Map()
  }

  /** Throws only when a scene is unknown. */
  ask(packetCase: PacketCase): Verdict {
    const shape = readShape(packetCase.packet)
    const [a, b] = this.#arenas
    const workers = this.#workersOf(packetCase.scene)
    for (const worker of workers) worker.limiter.now[0]! += TICK_MS
    try {
      const started = performance.now()
      const length = callRespond(workers[0], a, packetCase)
      const other = callRespond(workers[1], b, packetCase)
      const tookMs = performance.now() - started
      const answer = a.output.subarray(a.outputAt, a.outputAt + Math.max(length, 0))
      const wrong = this.#judgeMemory(packetCase, length, other) ?? judgeAnswer(packetCase, shape, answer)
      if (wrong) return { shape, answer: this.#renewOutputs(answer), complaint: wrong, decoded: undefined }
      const { complaint, decoded } = this.#decode(answer)
      if (complaint || tookMs <= SLOW_MS) return { shape, answer, complaint, decoded }
      return { shape, answer: answer.slice(), complaint: judgeTime(workers, this.#arenas, packetCase), decoded }
    } catch (error) {
      return { shape, answer: this.#renewOutputs(NOTHING), complaint: describeThrow(error), decoded: undefined }
    } finally {
      for (const { input, inputAt, filling } of this.#arenas) {
        input.fill(filling, inputAt, inputAt + packetCase.packet.length)
      }
    }
  }

  /** What a wrong answer wrote, and where, must not count against the next one. Gives a copy of the answer. */
  #renewOutputs(answer: Uint8Array): Uint8Array {
    const copy = answer.slice()
    for (const { output, filling } of this.#arenas) output.fill(filling)
    return copy
  }

  /** Looks at all that is never to be written, far from the packet and the answer too. */
  sweep(): string | undefined {
    for (const { input, output, outputAt, filling } of this.#arenas) {
      if (!input.every((byte) => byte === filling)) return 'writes-input'
      if (!holds(output, 0, outputAt, filling)) return 'writes-outside'
      if (!holds(output, outputAt + BIGGEST, output.length, filling)) return 'writes-outside'
    }
    return undefined
  }

  #workersOf(name: string): readonly [QueryWorker, QueryWorker] {
    const known = this.#workers.get(name)
    if (known) return known
    const scene = this.#scenes.get(name)
    if (!scene) throw new Error(`there is no scene ${name}`)
    const pair = [workerOver(scene.snapshot), workerOver(scene.snapshot)] as const
    this.#workers.set(name, pair)
    return pair
  }

  #judgeMemory({ packet, limit }: PacketCase, length: number, other: number): string | undefined {
    const [a, b] = this.#arenas
    if (length < 0 || length > limit) return `too-long: ${length} bytes`
    if (length !== other) return `reads-outside: ${length} or ${other} bytes, by what stands beside the packet`
    for (let i = 0; i < length; i++) {
      if (a.output[a.outputAt + i] !== b.output[b.outputAt + i]) return `reads-outside: byte ${i} differs`
    }
    if (!isIntact(a, limit) || !isIntact(b, limit)) return 'writes-outside'
    return holdsPacket(a, packet) && holdsPacket(b, packet) ? undefined : 'writes-input'
  }

  #decode(answer: Uint8Array): Pick<Verdict, 'complaint' | 'decoded'> {
    const hash = hashAnswer(answer)
    const slot = hash & (this.#decodedBefore.length - 1)
    if (answer.length === 0 || this.#decodedBefore[slot] === hash) return { complaint: undefined, decoded: undefined }
    try {
      const decoded = decodeMessage(answer)
      this.#decodedBefore[slot] = hash
      return { complaint: undefined, decoded }
    } catch (error) {
      return { complaint: `unparsable: ${(error as Error).message}`, decoded: undefined }
    }
  }
}

/** Of all but the ID. */
function hashAnswer(answer: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 2; i < answer.length; i++) hash = Math.imul(hash ^ answer[i]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

function createArena(filling: number, at: number): Arena {
  const size = BIGGEST + 2 * MARGIN
  const [input, output] = [new Uint8Array(size).fill(filling), new Uint8Array(size).fill(filling)]
  return { input, output, inputAt: at, outputAt: at + 100, filling, written: 0 }
}

function callRespond(worker: QueryWorker, arena: Arena, { packet, client, limit }: PacketCase): number {
  const { input, inputAt, output, outputAt, filling } = arena
  output.fill(filling, outputAt, outputAt + arena.written)
  arena.written = limit
  input.set(packet, inputAt)
  return respond(worker, input, inputAt, packet.length, clientWords(client), output, outputAt, limit)
}

/** Whether nothing stands right before the output and right behind its limit. */
function isIntact({ output, outputAt, filling }: Arena, limit: number): boolean {
  return (
    holds(output, outputAt - WATCHED, outputAt, filling) &&
    holds(output, outputAt + limit, outputAt + limit + WATCHED, filling)
  )
}

function holds(bytes: Uint8Array, from: number, to: number, filling: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== filling) return false
  return true
}

function holdsPacket({ input, inputAt }: Arena, packet: Uint8Array): boolean {
  for (let i = 0; i < packet.length; i++) if (input[inputAt + i] !== packet[i]) return false
  return true
}

/** Slow at every try: a busy machine is not. */
function judgeTime(
  workers: readonly [QueryWorker, QueryWorker],
  arenas: readonly [Arena, Arena],
  packetCase: PacketCase,
): string | undefined {
  let leastMs = Infinity
  for (let left = RETRIES; left > 0; left--) {
    const started = performance.now()
    callRespond(workers[0], arenas[0], packetCase)
    callRespond(workers[1], arenas[1], packetCase)
    leastMs = Math.min(leastMs, performance.now() - started)
  }
  return leastMs > SLOW_MS ? `slow: ${leastMs.toFixed(0)} ms` : undefined
}

/** The error with the innermost line of ours. */
export function describeThrow(error: unknown): string {
  const { stack = String(error) } = error as Error
  const place = /src\/[\w/.-]+:\d+/.exec(stack)?.[0] ?? ''
  return `throws: ${stack.split('\n')[0]!} (${place})`
}
