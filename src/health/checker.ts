// The main thread's side of health checks: it owns the probe worker, keeps what the worker says (ledger.ts, so that a worker
// which dies or hangs is replaced and nothing is forgotten), and passes transitions on. It never judges a target itself: a
// blocked main thread hears of changes later, and invents none.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { DOUBT_DEFAULTS } from './doubt.ts'
import type { DoubtNews, DoubtOrders } from './doubter.ts'
import type { Observation, Target, TargetHealth, Transition } from './health.ts'
import { Ledger, type BeaconReport, type TargetReport } from './ledger.ts'
import type { Orders, TargetNews, ToMain, ToWorker, WorkerStart } from './messages.ts'
import type { SavedState } from './saved.ts'
import type { SchedulerFigures } from './scheduler.ts'
import { hangs, look, startWatch, type Watch } from './watch.ts'

/** A worker whose loop has not turned for so long is replaced, ms. */
const HUNG_AFTER_MS = 5000

/** Ms between two looks at the worker's heartbeat. */
const LOOK_MS = 250

/** A worker that ended is replaced after this, doubled each time in a row up to the limit, ms. */
const RESPAWN_MS = 50
const MOST_RESPAWN_MS = 5000

/** The same trouble is told again no sooner than this, ms. */
const TROUBLE_AGAIN_MS = 10_000

/** The worker's heap, MB: out of memory, it ends alone and is replaced. */
const HEAP_MB = 1024

/** Nothing is frozen. */
const NO_BEACONS: DoubtOrders = { rules: DOUBT_DEFAULTS, beacons: [] }

const CALM: DoubtNews = {
  state: 'calm',
  sight: { failing: 0, of: 0, regions: 0, beacons: 0, silent: 0 },
  leftMs: DOUBT_DEFAULTS.longestMs,
}

const WORKER = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)

export interface CheckerOptions {
  readonly clock: Clock
  /** Called after `health()` shows the change. */
  readonly onTransition: (transition: Transition) => void
  /** Targets have begun to fail or recover, or no longer do (`TargetHealth.undecided`); after `health()` shows it. */
  readonly onUndecided?: () => void
  /** The doubt of our own network has turned; before transitions that follow from it. */
  readonly onDoubt?: (now: DoubtNews, before: DoubtNews['state']) => void
  /** Trouble of our own: probes that say nothing, a worker replaced. One sentence; the same one at most every 10 s. */
  readonly onTrouble: (what: string) => void
  /** 5 s by default. */
  readonly hungAfterMs?: number
}

/** Since start, over all workers that there were (`scheduler`: of the one that runs). */
export interface CheckerFigures {
  readonly probes: Readonly<Record<Observation['outcome'], number>>
  readonly workersReplaced: number
  /** CPU time of the workers' threads, ms. */
  readonly cpuMs: number
  readonly scheduler: SchedulerFigures
}

export interface FirstRound {
  /** Targets without a first observation when the wait ended. */
  readonly missing: readonly string[]
}

export class Checker {
  readonly #options: CheckerOptions
  readonly #ledger = new Ledger()
  readonly #probes = { success: 0, failure: 0, none: 0 }
  readonly #toldAt = new Map<string, number>()
  readonly #waiters = new Set<() => void>()
  #doubtRules = NO_BEACONS.rules
  #doubt = CALM
  #scheduler: SchedulerFigures = { inFlight: 0, skipped: 0, lateMaxMs: 0, lateP99Ms: 0 }
  #worker: Worker | undefined
  #heartbeat = new Int32Array(new SharedArrayBuffer(4))
  #watch: Watch = startWatch(0, 0)
  #lookTimer: NodeJS.Timeout | undefined
  #respawnTimer: NodeJS.Timeout | undefined
  #respawnMs = RESPAWN_MS
  #replaced = 0
  /** Of the workers before this one, and of this one. */
  readonly #cpuMs = { before: 0, now: 0 }
  #running = false
  /** Without a target there never was a worker to spend memory on. */
  #hasBegun = false

  constructor(options: CheckerOptions) {
    this.#options = options
  }

  /** Cold start: all targets are probed at once, and the first observation of each decides provisionally. */
  start(
    targets: readonly Target[],
    saved: ReadonlyMap<string, SavedState> = new Map(),
    { rules, beacons } = NO_BEACONS,
  ): void {
    this.#ledger.start(targets, saved, this.#options.clock.wall(), beacons)
    this.#doubtRules = rules
    this.#running = true
    if (targets.length > 0) this.#spawn()
    this.#lookTimer = setInterval(() => this.#look(), LOOK_MS)
  }

  /** A reload, or new addresses of host names. What becomes of targets that stay, and of new ones: ledger.ts. */
  update(targets: readonly Target[], { rules, beacons } = NO_BEACONS): void {
    this.#ledger.update(targets, this.#options.clock.wall(), beacons)
    this.#doubtRules = rules
    if (!this.#hasBegun && targets.length > 0) this.#spawn()
    else this.#say({ kind: 'assign', ...this.#orders() })
    this.#wakeWaiters()
  }

  /** Lets targets that are held down (hold-down, damping, manual failback) come back as soon as thresholds allow. */
  release(targets: readonly string[]): void {
    this.#say({ kind: 'release', ids: targets.flatMap((target) => this.#ledger.probesOf(target)) })
  }

  /** By target id; a live view. */
  health(): ReadonlyMap<string, TargetHealth> {
    return this.#ledger.health
  }

  /** By target id, at most a quarter of a second old. */
  reports(): ReadonlyMap<string, TargetReport> {
    return this.#ledger.reports()
  }

  /** Whether our own network is in doubt, at most a quarter of a second old. */
  doubt(): DoubtNews {
    return this.#doubt
  }

  beacons(): readonly BeaconReport[] {
    return this.#ledger.beacons()
  }

  figures(): CheckerFigures {
    return {
      probes: { ...this.#probes },
      workersReplaced: this.#replaced,
      cpuMs: this.#cpuMs.before + this.#cpuMs.now,
      scheduler: this.#scheduler,
    }
  }

  /** Settles when every target has had a first observation, or after `deadlineMs`, whichever is sooner. */
  firstRound(deadlineMs: number): Promise<FirstRound> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiters.delete(lookAgain)
        clearTimeout(timer)
        resolve({ missing: this.#ledger.missing() })
      }
      const lookAgain = (): void => {
        if (this.#ledger.missing().length === 0) end()
      }
      const timer = setTimeout(end, deadlineMs)
      this.#waiters.add(lookAgain)
      lookAgain()
    })
  }

  async stop(): Promise<void> {
    this.#running = false
    clearInterval(this.#lookTimer)
    clearTimeout(this.#respawnTimer)
    await this.#worker?.terminate()
  }

  /** Blocks the probe worker's loop. Only tests do this. */
  blockForTest(forMs: number): void {
    this.#say({ kind: 'block-for-test', forMs })
  }

  #say(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  #orders(): Orders {
    return { assignments: this.#ledger.assignments(), doubtRules: this.#doubtRules }
  }

  #hear(message: ToMain): void {
    if (message.kind === 'report') this.#takeReport(message)
    else this.#takeNews([message.news])
    this.#wakeWaiters()
  }

  #takeReport({ doubt, news, figures, cpuMs, outcomes, troubles }: ToMain & { kind: 'report' }): void {
    this.#takeDoubt(doubt)
    this.#takeNews(news)
    for (const outcome of ['success', 'failure', 'none'] as const) this.#probes[outcome] += outcomes[outcome]
    for (const reason of troubles) this.#tell(`probes say nothing: ${reason}`)
    this.#scheduler = figures
    this.#cpuMs.now = cpuMs
    this.#respawnMs = RESPAWN_MS
  }

  #takeDoubt(doubt: DoubtNews): void {
    const before = this.#doubt.state
    this.#doubt = doubt
    if (doubt.state !== before) this.#options.onDoubt?.(doubt, before)
  }

  #takeNews(news: readonly TargetNews[]): void {
    const turns = this.#ledger.undecidedTurns
    for (const transition of news.flatMap((item) => this.#ledger.take(item))) this.#options.onTransition(transition)
    if (this.#ledger.undecidedTurns !== turns) this.#options.onUndecided?.()
  }

  #wakeWaiters(): void {
    for (const lookAgain of this.#waiters) lookAgain()
  }

  #tell(what: string): void {
    const now = this.#options.clock.now()
    if (now - (this.#toldAt.get(what) ?? -Infinity) < TROUBLE_AGAIN_MS) return
    this.#toldAt.set(what, now)
    this.#options.onTrouble(what)
  }

  #spawn(): void {
    this.#hasBegun = true
    this.#heartbeat = new Int32Array(new SharedArrayBuffer(4))
    this.#watch = startWatch(0, this.#options.clock.now())
    const workerData: WorkerStart = { ...this.#orders(), heartbeat: this.#heartbeat }
    const worker = new Worker(WORKER, {
      workerData,
      name: 'probes',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    this.#worker = worker
    let why = 'it ended'
    worker.on('message', (message: ToMain) => {
      if (worker === this.#worker) this.#hear(message)
    })
    worker.on('error', (error) => (why = String(error)))
    worker.on('exit', () => {
      if (worker === this.#worker) this.#replace(why)
    })
  }

  #look(): void {
    const beat = Atomics.load(this.#heartbeat, 0)
    this.#watch = look(this.#watch, beat, this.#options.clock.now(), LOOK_MS)
    const worker = this.#worker
    if (worker === undefined || !hangs(this.#watch, this.#options.hungAfterMs ?? HUNG_AFTER_MS)) return
    this.#replace('its loop stands still')
    void worker.terminate()
  }

  /** The states stay as they are meanwhile, and the next worker goes on from them; its doubt begins anew. */
  #replace(why: string): void {
    this.#worker = undefined
    if (!this.#running) return
    this.#replaced++
    this.#cpuMs.before += this.#cpuMs.now
    this.#cpuMs.now = 0
    this.#tell(`the probe worker is replaced: ${why}`)
    this.#respawnTimer = setTimeout(() => this.#spawn(), this.#respawnMs)
    this.#respawnMs = Math.min(this.#respawnMs * 2, MOST_RESPAWN_MS)
  }
}
