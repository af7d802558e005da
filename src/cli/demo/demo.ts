// The demo: three regions as processes of their own, a director that is handed in, and something for a person to watch,
// live on a terminal or as lines of a log. All that it starts is gone when it ends. The config file is deploy/demo/.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadStream, WriteStream } from 'node:tty'
import type { EventStatus } from '../../admin/status.ts'
import { systemClock } from '../../base/clock.ts'
import type { ExitCode } from '../exit-code.ts'
import { showLines } from './lines.ts'
import { showLive } from './live.ts'
import { RegionProcess, type Site } from './region-process.ts'
import type { DemoDirector, Show } from './show.ts'

export interface DemoParts {
  /** Starts a director with this configuration, but with its state under `state`; or says in one line why not. */
  readonly startDirector: (configFile: string, state: string) => Promise<DemoDirector | { readonly fault: string }>
  /** Lines of a log even on a terminal. */
  readonly plain: boolean
  readonly input: ReadStream
  readonly output: WriteStream
  readonly complain: (text: string) => void
  /** For tests: other places and a shorter wait than the demo's own. */
  readonly configFile?: string
  readonly sites?: readonly Site[]
  readonly restartAfterMs?: number
}

/** Alike in deploy/demo/meridian.yaml. */
export const DEMO_SITES: readonly Site[] = [
  { name: 'us-east', address: '127.1.0.1', port: 8080 },
  { name: 'eu-west', address: '127.2.0.1', port: 8080 },
  { name: 'ap-south', address: '127.3.0.1', port: 8080 },
]

export const DEMO_CONFIG = join(import.meta.dirname, '../../../deploy/demo/meridian.yaml')

const RESTART_AFTER_MS = 20_000
const STOP_DEADLINE_MS = 5_000

/** Runs until the person quits (q, Ctrl-C, a signal, or a closed terminal). */
export async function runDemo(parts: DemoParts): Promise<ExitCode> {
  const ending = watchForEnd(parts.output)
  const happenings = createHappenings()
  const regions = createRegions(parts, happenings.add)
  const state = await mkdtemp(join(tmpdir(), 'meridian-demo-'))
  try {
    return await playDemo(parts, regions, happenings, state, ending)
  } finally {
    await Promise.all(regions.map((region) => region.stop()))
    await rm(state, { recursive: true, force: true })
    ending.forget()
  }
}

async function playDemo(
  parts: DemoParts,
  regions: readonly RegionProcess[],
  happenings: Happenings,
  state: string,
  ending: Ending,
): Promise<ExitCode> {
  const faults = await Promise.all(regions.map((region) => region.start()))
  const fault = faults.find((started) => started !== undefined)
  const director = fault ?? (await parts.startDirector(parts.configFile ?? DEMO_CONFIG, state))
  if ('fault' in director) {
    parts.complain(`meridian demo: ${director.fault}\n`)
    return 1
  }
  const { input, output, plain } = parts
  const show: Show = {
    director,
    regions,
    events: happenings.all,
    onRegionEvent: happenings.listen,
    input,
    output,
    quit: ending.end,
  }
  const close = plain || !output.isTTY ? showLines(show) : showLive(show)
  await ending.ended
  close()
  if (await inTime(director.stop(), STOP_DEADLINE_MS)) return 0
  parts.complain(`meridian demo: the director did not stop within ${STOP_DEADLINE_MS / 1000} s\n`)
  return 1
}

async function inTime(work: Promise<void>, limitMs: number): Promise<boolean> {
  const limit = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => limit.resolve(false), limitMs)
  const done = await Promise.race([work.then(() => true), limit.promise])
  clearTimeout(timer)
  return done
}

function createRegions(parts: DemoParts, onEvent: (text: string) => void): RegionProcess[] {
  const restartAfterMs = parts.restartAfterMs ?? RESTART_AFTER_MS
  return (parts.sites ?? DEMO_SITES).map((site) => new RegionProcess({ site, restartAfterMs, onEvent }))
}

interface Happenings {
  readonly all: readonly EventStatus[]
  readonly add: (text: string) => void
  readonly listen: (listener: (event: EventStatus) => void) => void
}

/** The most events of processes kept for the view. */
const MAX_EVENTS = 100

function createHappenings(): Happenings {
  const all: EventStatus[] = []
  const listeners: ((event: EventStatus) => void)[] = []
  const add = (text: string): void => {
    const event = { at: new Date(systemClock.wall()).toISOString(), text }
    all.push(event)
    if (all.length > MAX_EVENTS) all.shift()
    for (const listener of listeners) listener(event)
  }
  return { all, add, listen: (listener) => void listeners.push(listener) }
}

interface Ending {
  readonly ended: Promise<undefined>
  readonly end: () => void
  /** Signals mean again what they meant before. */
  readonly forget: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A closed pipe or terminal ends the demo like a signal: there is nobody left to show anything to. */
function watchForEnd(output: WriteStream): Ending {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>()
  const onEnd = (): void => resolve(undefined)
  for (const signal of SIGNALS) process.on(signal, onEnd)
  output.on('error', onEnd)
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, onEnd)
  }
  return { ended, end: onEnd, forget }
}
