// What the history of plans costs: an event's difference and entry, a look back, and the heap that a full history takes
// beside what it says of itself. `node --expose-gc test/bench/history.ts`
import { PlanHistory } from '../../src/director/history.ts'
import type { TargetHealth } from '../../src/health/health.ts'

const EVENTS = 10_000

function measure(targets: number): void {
  const health = new Map<string, TargetHealth>()
  const turn = (id: string, state: 'up' | 'down', since: number): void => {
    health.set(id, { state, reason: state === 'up' ? '200 in 12 ms' : 'timeout after 5 s', since, provisional: false })
  }
  for (let i = 0; i < targets; i++) turn(`region-${i}/192.0.2.1`, 'up', 0)
  const conditions = { health, reported: new Map(), scores: new Map(), resolved: new Map() }
  const memory = new SharedArrayBuffer(8)
  const image = { memory, byteLength: 8, isKept: false }
  const definitions = { regions: new Map(), services: new Map() }
  const parts = {
    definitions,
    geo: undefined,
    bindings: [],
    clientMaps: [],
    images: { zones: image, clientMaps: image },
  }
  const history = new PlanHistory({ plans: EVENTS, bytes: 1 << 30 })
  const era = history.beginEra(parts, 0)
  globalThis.gc?.()
  const heap = process.memoryUsage().heapUsed
  const before = process.cpuUsage().user
  for (let event = 0; event < EVENTS; event++) {
    turn(`region-${event % targets}/192.0.2.1`, event % 3 === 0 ? 'down' : 'up', event)
    history.add(history.compare(conditions), event, event, era)
  }
  const perEvent = (process.cpuUsage().user - before) / EVENTS
  globalThis.gc?.()
  const grown = process.memoryUsage().heapUsed - heap
  const start = performance.now()
  history.find(EVENTS - 1)
  const look = performance.now() - start
  process.stdout.write(
    `${String(targets).padStart(6)} targets: ${perEvent.toFixed(1)} µs an event, ${look.toFixed(1)} ms a look back, ` +
      `${(grown / 1e6).toFixed(1)} MB for ${history.length} plans (it says ${(history.bytes / 1e6).toFixed(1)})\n`,
  )
}

for (const targets of [20, 1000, 10_000]) measure(targets)
