// npm run bench: respond() alone by kind of query; then ours beside the servers that one would pick instead and beside a bare
// echo of our own listener, kind by kind and in turn, in one run; then latencies at half of our load, in an open loop.
// Figures of one machine at one hour: compare ratios, never absolute figures of different runs.
//   --quick      fewer and shorter rounds without peers, for CI: it shows that the path is not suddenly slower, nothing finer
//   --kind TEXT  only kinds whose names have it, and no respond() alone
//   --rounds N   5 by default
//   --json       figures for programs
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { askOn, openFlow } from '../support/dns-client.ts'
import { freePort } from '../support/free-port.ts'
import { hasDnsperf, load, type LoadFigure } from './load/dnsperf.ts'
import { KINDS, writeQueries, type Kind } from './load/kinds.ts'
import type { Latencies } from './load/open-loop.ts'
import { HOST } from './load/peers.ts'
import { findSubjects, startSubject, type Subject } from './load/sites.ts'
import type { RespondFigure } from './respond.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    kind: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
  },
})
const { quick, json: asJson } = values
const rounds = quick ? 1 : Number(values.rounds)
const seconds = quick ? 1 : 3

/** More than this is no noise of a measurement: something on the query path allocates. */
const MAX_BYTES_PER_QUERY = 1
/** Near enough to a whole processor for the generator to be the limit. */
const GENERATOR_BUSY = 0.95
const ECHO = 'bare echo'

type Name = Subject | typeof ECHO

interface Row {
  readonly kind: string
  readonly subject: Name
  readonly figure: LoadFigure
}

interface LatencyRow {
  readonly kind: string
  readonly subject: Name
  readonly rate: number
  readonly figure: Latencies
}

interface Running {
  readonly child: ChildProcess
  readonly port: number
}

const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-'))
const kinds = KINDS.filter(({ name }) => name.includes(values.kind))
try {
  const respond = values.kind === '' ? measureRespond() : []
  if (!asJson) printRespond(respond)
  const rows: Row[] = []
  const latencies: LatencyRow[] = []
  if (hasDnsperf()) {
    const found: readonly Subject[] = quick ? ['ours', 'ours, million'] : findSubjects()
    for (const kind of kinds) await measureKind(kind, found, rows, latencies)
  }
  if (asJson) console.log(JSON.stringify({ respond, load: rows, latencies }, undefined, 2))
  if (respond.some(({ bytes }) => bytes > MAX_BYTES_PER_QUERY)) {
    console.error('respond() allocates')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}

function measureRespond(): RespondFigure[] {
  const script = join(import.meta.dirname, 'respond.ts')
  const words = ['--expose-gc', script, ...(quick ? ['--quick'] : [])]
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 1 << 20 })) as RespondFigure[]
}

/** All who can answer that kind, one after the other in each round; each runs only while it is asked. */
async function measureKind(kind: Kind, found: readonly Subject[], rows: Row[], latencies: LatencyRow[]): Promise<void> {
  const file = join(folder, 'queries')
  writeFileSync(file, writeQueries(kind.queries(kind.counts[quick ? 1 : 0])))
  const subjects: readonly Name[] = [ECHO, ...kind.subjects.filter((subject) => found.includes(subject))]
  const running = new Map<Name, Running>()
  try {
    for (const subject of subjects) running.set(subject, await start(subject, kind))
    const figures: Row[] = []
    for (let round = 0; round < rounds; round++) {
      for (const [subject, { child, port }] of running) {
        figures.push({ kind: kind.name, subject, figure: await load(port, child.pid!, file, seconds) })
      }
    }
    const medians = subjects.map((subject) => ({ kind: kind.name, subject, figure: medianOf(figures, subject) }))
    rows.push(...medians)
    const rate = Math.round(medians.find(({ subject }) => subject.startsWith('ours'))!.figure.queriesPerSecond / 2)
    const late = quick ? [] : await measureLatencies(kind, running, rate, file)
    latencies.push(...late)
    if (!asJson) print(kind, medians, late)
  } finally {
    await Promise.all([...running.values()].map(({ child }) => end(child)))
  }
}

async function start(subject: Name, kind: Kind): Promise<Running> {
  const port = await freePort(HOST)
  const work = join(folder, `${subject.replaceAll(/\W/g, '')}-${port}`)
  mkdirSync(work)
  const script = join(import.meta.dirname, 'echo.ts')
  const child =
    subject === ECHO
      ? spawn(process.execPath, [script, String(port)], { stdio: 'inherit' })
      : startSubject(subject, port, work)
  await answering(port, child, kind)
  return { child, port }
}

/** Until the server answers (an echo of the query will do). */
async function answering(port: number, child: ChildProcess, kind: Kind): Promise<void> {
  const socket = await openFlow({ host: HOST, port })
  const [query] = kind.queries(1)
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`)
      const answer = await askOn(socket, query!, 50)
      if (answer !== undefined && answer.rcode !== 'SERVFAIL' && answer.rcode !== 'REFUSED') return
    }
  } finally {
    socket.close()
  }
}

async function measureLatencies(
  kind: Kind,
  running: ReadonlyMap<Name, Running>,
  rate: number,
  file: string,
): Promise<LatencyRow[]> {
  const measured: LatencyRow[] = []
  for (let round = 0; round < rounds; round++) {
    for (const [subject, { port }] of running) {
      if (subject === ECHO || subject === 'pdns') continue
      const words = [join(import.meta.dirname, 'load/open-loop.ts'), String(port), String(rate), String(seconds), file]
      const figure = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Latencies
      measured.push({ kind: kind.name, subject, rate, figure })
    }
  }
  const subjects = [...new Set(measured.map(({ subject }) => subject))]
  return subjects.map((subject) => {
    const own = measured.filter((row) => row.subject === subject).map(({ figure }) => figure)
    const keys = ['sent', 'lost', 'p50', 'p99', 'p999', 'most'] as const
    const figure = Object.fromEntries(keys.map((key) => [key, median(own.map((each) => each[key]))]))
    return { kind: kind.name, subject, rate, figure: figure as unknown as Latencies }
  })
}

function medianOf(rows: readonly Row[], subject: Name): LoadFigure {
  const own = rows.filter((row) => row.subject === subject).map(({ figure }) => figure)
  const keys = ['queriesPerSecond', 'cpu', 'threadCpu', 'lost', 'generator'] as const
  return Object.fromEntries(keys.map((key) => [key, median(own.map((each) => each[key]))])) as unknown as LoadFigure
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

function printRespond(figures: readonly RespondFigure[]): void {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}\n`)
  if (figures.length === 0) return
  console.log(`${'respond() alone'.padEnd(34)}${'ns'.padStart(8)}${'bytes'.padStart(8)}`)
  for (const { kind, nanoseconds, bytes } of figures) {
    console.log(`${kind.padEnd(34)}${nanoseconds.toFixed(0).padStart(8)}${bytes.toFixed(1).padStart(8)}`)
  }
}

/** CPU is told of the busiest thread beside the whole; ratios are ours (or whoever's row it is) to the one named. */
function print({ name }: Kind, rows: readonly Row[], latencies: readonly LatencyRow[]): void {
  const echo = rows.find(({ subject }) => subject === ECHO)!.figure
  const ours = rows.find(({ subject }) => subject.startsWith('ours'))!.figure
  const heads = ['q/s', 'CPU µs', 'thread', '× echo', 'ours ×', 'lost'].map((text) => text.padStart(9)).join('')
  console.log(`\n${name.padEnd(24)}${heads}`)
  for (const { subject, figure } of rows) {
    const { queriesPerSecond, cpu, threadCpu, lost, generator } = figure
    const ratios = [(threadCpu / echo.threadCpu).toFixed(2), (ours.cpu / cpu).toFixed(2), lost.toFixed(0)]
    const columns = [queriesPerSecond.toFixed(0), cpu.toFixed(2), threadCpu.toFixed(2), ...ratios]
    const note = generator > GENERATOR_BUSY ? '  the generator was the limit' : ''
    console.log(`${subject.padEnd(24)}${columns.map((text) => text.padStart(9)).join('')}${note}`)
  }
  for (const { subject, rate, figure } of latencies) {
    const { p50, p99, p999, lost } = figure
    console.log(`${subject.padEnd(24)} at ${rate} q/s: p50 ${p50}, p99 ${p99}, p99.9 ${p999} µs, ${lost} lost`)
  }
}
