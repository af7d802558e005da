// node test/bench/probes.ts: 10,000 targets at 10 s from the probe worker, 100 of them black holes: CPU of its thread, and
// how late probes start. Cases: http on new connections, the same while a zone of a million names is built again and
// again, https on kept connections, https on new ones (whose handshakes are the cost). Figures of one machine at one hour:
// bare node:http requests at the same rate, measured first, tell what the machine charges for them now.
//   --quick      2,000 targets, a short measurement
//   --only NAME  one case
import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { systemClock } from '../../src/base/clock.ts'
import { giveBackFreedMemory } from '../../src/base/freed-memory.ts'
import { runBuild } from '../../src/director/build.ts'
import { Checker } from '../../src/health/checker.ts'
import type { Target } from '../../src/health/health.ts'
import type { HttpMonitor } from '../../src/health/monitor.ts'
import { targetOf } from '../health/support.ts'
import { WIDEST_LIMITS } from '../../src/zone/reading.ts'

const quick = process.argv.includes('--quick')
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined
const TARGETS = quick ? 2000 : 10_000
const BLACK_HOLES = TARGETS / 100
const INTERVAL_MS = 10_000
const WARM_UP_MS = quick ? 15_000 : 35_000
const MEASURE_MS = quick ? 10_000 : 60_000
const folder = mkdtempSync(join(tmpdir(), 'meridian-probes-'))
const children: ChildProcess[] = []

interface Case {
  readonly name: string
  readonly monitor: Partial<HttpMonitor>
  /** Whether zones are built meanwhile. */
  readonly builds?: boolean
}

const CASES: readonly Case[] = [
  { name: 'http-new', monitor: {} },
  { name: 'http-new-while-building', monitor: {}, builds: true },
  { name: 'http-kept', monitor: { keepAlive: true } },
  { name: 'https-kept', monitor: { type: 'https', keepAlive: true } },
  { name: 'https-new', monitor: { type: 'https' } },
]

// As the program does, in main.ts and running.ts.
setFlagsFromString('--semi-space-growth-factor=1')
await giveBackFreedMemory()
try {
  const certificate = makeCertificate()
  const plain = await start('probe-farm.ts')
  const secure = await start('probe-farm.ts', certificate, `${certificate}.key`)
  const hole = await start('../health/prober/full-listener.ts', '0.0.0.0')
  console.log(
    `${TARGETS} targets, ${BLACK_HOLES} of them black holes, every ${INTERVAL_MS / 1000} s; ${cpus().length} cores`,
  )
  const bare = await start('probe-bare.ts', String(plain), String(TARGETS / (INTERVAL_MS / 1000)))
  console.log(`bare node:http, new connections: ${(bare * 100).toFixed(1)} % of a core`)
  for (const { name, monitor, builds } of CASES) {
    if (only !== undefined && name !== only) continue
    const tls = { verify: true, minDaysValid: 7, ca: certificate, serverName: 'probes.example' }
    const whole = {
      ...monitor,
      ...(monitor.type === 'https' && { tls }),
      port: monitor.type === 'https' ? secure : plain,
    }

    console.log(await measure(name, makeTargets(whole, hole), builds ?? false))
  }
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
}

/** Runs a checker over the targets, first to calm down, then to measure. */
async function measure(name: string, targets: readonly Target[], builds: boolean): Promise<string> {
  const checker = new Checker({
    clock: systemClock,
    onTransition: () => undefined,
    onTrouble: (what) => console.log(what),
  })
  checker.start(targets)
  await sleep(WARM_UP_MS)
  const building = builds ? buildUntil(performance.now() + MEASURE_MS) : Promise.resolve(0)
  const [before, at] = [checker.figures(), performance.now()]
  await sleep(MEASURE_MS)
  const [after, ms] = [checker.figures(), performance.now() - at]
  const built = await building
  const health = [...checker.health().values()]
  await checker.stop()
  const count = (figures: typeof after): number => figures.probes.success + figures.probes.failure + figures.probes.none
  const { lateP99Ms, lateMaxMs, skipped } = after.scheduler
  return [
    name.padEnd(24),
    `${((count(after) - count(before)) / (ms / 1000)).toFixed(0)} probes/s`,
    `${(((after.cpuMs - before.cpuMs) / ms) * 100).toFixed(1)} % of a core`,
    `late p99 ${lateP99Ms.toFixed(1)} ms, max ${lateMaxMs.toFixed(0)} ms`,
    `${skipped} skipped, ${after.probes.none} say nothing`,
    `${health.filter(({ state }) => state === 'down').length} down`,
    `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`,
    ...(builds ? [`${built} builds`] : []),
    `load ${loadavg()[0]!.toFixed(1)}`,
  ].join(' | ')
}

function makeTargets(monitor: Partial<HttpMonitor>, hole: number): Target[] {
  const timing = { intervalMs: INTERVAL_MS, fastIntervalMs: 1000, timeoutMs: 5000 }
  return Array.from({ length: TARGETS }, (_, i): Target => {
    const bytes = Uint8Array.of(127, 2, i >> 8, i & 0xff)
    const { monitor: whole } = targetOf(1, { ...timing, ...monitor, ...(i < BLACK_HOLES && { port: hole }) })
    return { id: `region/${bytes.join('.')}`, address: { family: 4, bytes }, monitor: whole }
  })
}

/** A million names, built again and again; gives how often. */
async function buildUntil(end: number): Promise<number> {
  const zones = join(folder, 'zones')
  mkdirSync(zones, { recursive: true })
  const head = '$TTL 300\n@ SOA ns hostmaster 1 7200 1800 1209600 300\n@ NS ns\nns A 192.0.2.1\n'
  const names = Array.from({ length: 1_000_000 }, (_, i) => `h${i} A 192.0.2.2`)
  writeFileSync(join(zones, 'example.com.zone'), head + names.join('\n') + '\n')
  let built = 0
  for (; performance.now() < end; built++) {
    const buffer = new SharedArrayBuffer(0)
    const { faults } = await runBuild('zones', {
      folder: zones,
      state: undefined,
      services: [],
      limits: WIDEST_LIMITS,
      buffer,
    })
    if (faults.length > 0) throw new Error(faults[0]!.message)
  }
  return built
}

/** Starts a program; gives the number that it tells, a port for most. */
async function start(program: string, ...words: string[]): Promise<number> {
  const child = fork(join(import.meta.dirname, program), words, { execPath: process.execPath, execArgv: [] })
  children.push(child)
  const [told] = (await once(child, 'message')) as [number]
  return told
}

/** A certificate that is its own authority, beside its key. */
function makeCertificate(): string {
  const file = join(folder, 'certificate.pem')
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=probes.example -addext subjectAltName=DNS:probes.example -keyout ${file}.key -out ${file}`
  execFileSync('openssl', words.split(' '), { stdio: 'pipe' })
  if (readFileSync(file).length === 0) throw new Error('openssl made no certificate')
  return file
}
