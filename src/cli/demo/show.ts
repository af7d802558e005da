// What there is to show: the contract between the demo (demo.ts) and the two ways of showing it (live.ts, lines.ts).
import type { ReadStream, WriteStream } from 'node:tty'
import type { EventStatus, Status } from '../../admin/status.ts'
import type { RegionProcess } from './region-process.ts'

/** The director as the demo sees it. It must not write to the terminal. */
export interface DemoDirector {
  readonly status: () => Status
  /** Calls back at every event of `status().events` to come. */
  readonly onEvent: (listener: (event: EventStatus) => void) => void
  readonly stop: () => Promise<void>
}

/** What the two ways to show a demo are given. */
export interface Show {
  readonly director: DemoDirector
  readonly regions: readonly RegionProcess[]
  /** What happened to the regions' processes so far, growing. */
  readonly events: readonly EventStatus[]
  readonly onRegionEvent: (listener: (event: EventStatus) => void) => void
  readonly input: ReadStream
  readonly output: WriteStream
  /** Asks the demo to end. */
  readonly quit: () => void
}
