// The probe worker, a thread: it schedules probes, runs them, weighs their verdicts against the lag of its own loop and
// the doubt of its own network, and tells the main thread of changes at once and of the rest in batches. It decides about probed targets only; calculated
// checks, regions, plans and logs are the main thread's.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { Doubter, type DoubtSetup } from './doubter.ts'
import type { Observation, ProbeTarget } from './health.ts'
import { discardLagged, LoopLag } from './lag.ts'
import type { Orders, TargetNews, ToMain, ToWorker, WorkerStart } from './messages.ts'
import { createProbers } from './prober/probers.ts'
import { Scheduler } from './scheduler.ts'
import { isUndecided, observe, release, type Check } from './threshold.ts'

/** Ms between two reports of what changed no state. */
const REPORT_MS = 250

const clock = systemClock
const port = parentPort!
const start = workerData as WorkerStart

const checks = new Map<string, Check>()
const lastSeen = new Map<string, Observation>()
const news = new Map<string, TargetNews>()
const troubles = new Set<string>()
const outcomes = { success: 0, failure: 0, none: 0 }

const probeAny = createProbers()
const lag = new LoopLag(clock, () => Atomics.add(start.heartbeat, 0, 1))
const scheduler = new Scheduler({ clock, probe, onObservation })
const doubter = new Doubter(checks, setupOf(start), clock.now())

port.on('message', (message: ToWorker) => {
  if (message.kind === 'assign') assign(message)
  else if (message.kind === 'release') releaseAll(message.ids)
  else block(message.forMs)
})
setInterval(() => {
  lookAround()
  report()
}, REPORT_MS)
assign(start)

function assign(orders: Orders): void {
  const { assignments } = orders
  const stay = new Map(assignments.map(({ target, check }) => [target.id, checks.get(target.id) ?? check]))
  checks.clear()
  for (const [id, check] of stay) checks.set(id, check)
  for (const known of [news, lastSeen]) for (const id of known.keys()) if (!stay.has(id)) known.delete(id)
  doubter.configure(setupOf(orders))
  scheduler.setTargets(assignments.map(({ target }) => target))
}

function setupOf({ assignments, doubtRules }: Orders): DoubtSetup {
  return { rules: doubtRules, roles: new Map(assignments.map(({ target, role }) => [target.id, role])) }
}

function releaseAll(ids: readonly string[]): void {
  for (const id of ids) {
    const check = checks.get(id)
    if (check !== undefined) checks.set(id, release(check))
  }
}

async function probe(target: ProbeTarget, signal: AbortSignal): Promise<Observation> {
  const seen = await probeAny(target, signal, clock)
  if (seen.waited === undefined) return seen
  const blockedMs = lag.blockedWithin(seen.startedAt, seen.startedAt + seen.tookMs)
  return discardLagged(seen, blockedMs, target.monitor.timeoutMs)
}

function onObservation({ id, monitor }: ProbeTarget, seen: Observation): boolean {
  const before = checks.get(id)!
  const counted = doubter.weigh(id, seen)
  checks.set(id, observe(before, counted, monitor, clock.wall()))
  lastSeen.set(id, seen)
  outcomes[counted.outcome]++
  if (seen.outcome === 'none') troubles.add(seen.reason)
  lookAround(doubter.see(id, seen, before, clock.now()))
  const check = checks.get(id)!
  tell(before, { id, check, last: seen })
  // What counts for nothing is not asked again sooner: all targets together would be.
  return counted === seen && isUndecided(check)
}

/** A turn of doubt is told at once, with the checks that it turned back. */
function lookAround(turnedBack = doubter.look(clock.now())): void {
  if (turnedBack === undefined) return
  for (const id of turnedBack) {
    const last = lastSeen.get(id)
    if (last !== undefined) news.set(id, { id, check: checks.get(id)!, last })
  }
  report()
}

/** A change of state, and a first observation, are told at once. */
function tell({ state, observed }: Check, item: TargetNews): void {
  news.set(item.id, item)
  if (state !== item.check.state) send({ kind: 'turn', news: item })
  else if (!observed && item.check.observed) report()
}

function report(): void {
  send({
    kind: 'report',
    doubt: doubter.news(clock.now()),
    news: [...news.values()],
    figures: scheduler.figures(),
    cpuMs: cpuMs(),
    outcomes,
    troubles: [...troubles],
  })
  news.clear()
  troubles.clear()
  Object.assign(outcomes, { success: 0, failure: 0, none: 0 })
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function send(message: ToMain): void {
  port.postMessage(message)
}

function block(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs)
}
