// Fuzzing of respond() and of loadZone(): the work is done by a thread (thread.ts), which is watched from here, for an
// endless loop can be told only from outside.
//
//   grammar, or a mutation of what was interesting ──> target ──> complaint (made smaller, told)
//                          └──────────── pool <── a new feature of the outcome
//
// Nothing here knows whether an answer is the right one: see test/differential.
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Finding } from './packet-campaign.ts'
import { countTried, createSlate, readSlate } from './slate.ts'

/** An input on which the thread spends so long has hung. */
const HANG_MS = 20_000
const LOOK_MS = 1000

export interface FuzzOptions {
  readonly seed: number
  readonly packets: number
  readonly zones: number
  /** No more packets are thrown, and no more zones loaded, so long after the start. */
  readonly packetsMs: number
  readonly zonesMs: number
  /** Whether to measure what calls of respond() allocate. */
  readonly allocation: boolean
  /** Length of the texts on which the growth of loading times is measured; 0: it is not. */
  readonly growthBytes: number
  /** Whether to keep what was interesting in the corpus. */
  readonly save: boolean
}

export interface FuzzReport {
  readonly packets: number
  readonly packetsPerSecond: number
  readonly packetFeatures: number
  /** Those that no packet of the corpus showed. */
  readonly newPacketFeatures: number
  /** By a call of respond(), on average; 0 when not measured. */
  readonly bytesAllocated: number
  readonly zones: number
  readonly zonesLoaded: number
  readonly zonesPerSecond: number
  readonly zoneFeatures: number
  readonly newZoneFeatures: number
  readonly findings: readonly Finding[]
}

export interface ThreadSetup extends FuzzOptions {
  readonly slate: SharedArrayBuffer
}

export type ThreadMessage =
  { readonly kind: 'progress'; readonly text: string } | { readonly kind: 'report'; readonly report: FuzzReport }

/** Runs to the end of the options, or to the first hang, which is its own report's one finding. */
export async function fuzz(options: FuzzOptions, onProgress: (text: string) => void): Promise<FuzzReport | Finding> {
  const slate = createSlate()
  const workerData: ThreadSetup = { ...options, slate }
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData })
  const hang = watch(slate)
  try {
    return await Promise.race([hang.seen, hear(worker, onProgress)])
  } finally {
    hang.stop()
    await worker.terminate()
  }
}

/** Rejects with what the thread threw. */
async function hear(worker: Worker, onProgress: (text: string) => void): Promise<FuzzReport> {
  for await (const [message] of on(worker, 'message') as AsyncIterable<[ThreadMessage]>) {
    if (message.kind === 'report') return message.report
    onProgress(message.text)
  }
  throw new Error('the fuzzing thread ended without a report')
}

/** Looks every second whether anything new is tried. */
function watch(slate: SharedArrayBuffer): { seen: Promise<Finding>; stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<Finding>()
  let tried = 0
  let quietMs = 0
  const timer = setInterval(() => {
    const now = countTried(slate)
    quietMs = now === tried ? quietMs + LOOK_MS : 0
    tried = now
    if (quietMs >= HANG_MS) resolve(describeHang(slate))
  }, LOOK_MS)
  return { seen: promise, stop: () => clearInterval(timer) }
}

function describeHang(slate: SharedArrayBuffer): Finding {
  const { context, bytes } = readSlate(slate)
  const input = context.startsWith('packet')
    ? `${context} ${Buffer.from(bytes).toString('hex')}`
    : JSON.stringify(Buffer.from(bytes).toString('latin1'))
  return { complaint: `hangs: nothing came back for ${HANG_MS} ms`, input }
}
