// npm run bench: respond() alone by kind of query, then the server beside a bare echo of its own listener, in turn, in
// one run. Figures of one machine at one hour: compare ratios, never absolute figures of different runs.
//   --quick   fewer and shorter rounds, for CI: it shows that the path is not suddenly slower, nothing finer
//   --json    figures for programs
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildQuery } from '../support/message.ts'
import type { RespondFigure } from './respond.ts'

const quick = process.argv.includes('--quick')
const asJson = process.argv.includes('--json')
const rounds = quick ? 1 : 5
const seconds = quick ? 2 : 4
const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-'))

/** More than this is no noise of a measurement: something on the query path allocates. */
const MAX_BYTES_PER_QUERY = 1

interface LoadFigure {
  readonly subject: string
  readonly queriesPerSecond: number
  /** CPU of the whole process and of its busiest thread, microseconds a query. */
  readonly cpu: number
  readonly threadCpu: number
  readonly lost: number
}

const respondFigures = measureRespond()
const loadFigures = hasDnsperf() ? await measureServers() : []
rmSync(folder, { recursive: true })
print()
if (respondFigures.some(({ bytes }) => bytes > MAX_BYTES_PER_QUERY)) {
  console.error('respond() allocates')
  process.exitCode = 1
}

function measureRespond(): RespondFigure[] {
  const script = join(import.meta.dirname, 'respond.ts')
  const words = ['--expose-gc', script, ...(quick ? ['--quick'] : [])]
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 1 << 20 })) as RespondFigure[]
}

function hasDnsperf(): boolean {
  try {
    execFileSync('dnsperf', ['-h'], { stdio: 'ignore' })
    return true
  } catch {
    console.error('dnsperf is missing (Debian: apt-get install dnsperf): the servers are not measured')
    return false
  }
}

async function measureServers(): Promise<LoadFigure[]> {
  const queries = join(folder, 'queries')
  writeFileSync(queries, 'www.example.com A\n')
  const [echoPort, servePort] = [await freePort(), await freePort()]
  const echo = spawn(process.execPath, [join(import.meta.dirname, 'echo.ts'), String(echoPort)], { stdio: 'inherit' })
  const serve = spawn(process.execPath, ['src/main.ts', 'serve', '--config', writeConfig(servePort)], {
    stdio: 'ignore',
  })
  try {
    await Promise.all([answering(echoPort), answering(servePort)])
    const figures: LoadFigure[] = []
    for (let round = 0; round < rounds; round++) {
      figures.push(await load('bare echo', echoPort, echo, queries))
      figures.push(await load('weighted service', servePort, serve, queries))
    }
    return ['bare echo', 'weighted service'].map((subject) => medians(subject, figures))
  } finally {
    await Promise.all([end(echo), end(serve)])
  }
}

function writeConfig(port: number): string {
  const zones = join(folder, 'zones')
  execFileSync('mkdir', ['-p', zones])
  writeFileSync(
    join(zones, 'example.com.zone'),
    '@ 3600 IN SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ 3600 IN NS ns1\nns1 3600 IN A 127.0.0.1\nwww IN LB web\n',
  )
  const file = join(folder, 'meridian.yaml')
  writeFileSync(
    file,
    `listen: ["127.0.0.1:${port}"]
workers: 1
zones: zones
state: state
regions:
  us: { weight: 5, balancers: [192.0.2.1] }
  eu: { weight: 3, balancers: [192.0.2.2] }
  ap: { weight: 2, balancers: [192.0.2.3] }
services:
  web: { regions: [us, eu, ap], steer: [weighted], ttl: 30s }
`,
  )
  return file
}

async function load(subject: string, port: number, server: ChildProcess, queries: string): Promise<LoadFigure> {
  const before = cpuByThread(server.pid!)
  const { stdout } = await promisify(execFile)('dnsperf', [
    ...['-s', '127.0.0.1', '-p', String(port), '-d', queries],
    ...['-l', String(seconds), '-c', '4', '-T', '1', '-q', '500'],
  ])
  const spent = [...cpuByThread(server.pid!)].map(([thread, ns]) => ns - (before.get(thread) ?? 0))
  const figure = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  const completed = figure('Queries completed')
  return {
    subject,
    queriesPerSecond: figure('Queries per second'),
    cpu: spent.reduce((sum, ns) => sum + ns, 0) / 1000 / completed,
    threadCpu: Math.max(...spent) / 1000 / completed,
    lost: figure('Queries lost'),
  }
}

/** Nanoseconds on a processor, by thread (/proc/PID/task/TID/schedstat). */
function cpuByThread(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`)
  return new Map(
    threads.map((thread) => [
      thread,
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    ]),
  )
}

function medians(subject: string, figures: readonly LoadFigure[]): LoadFigure {
  const own = figures.filter((figure) => figure.subject === subject)
  const median = (pick: (figure: LoadFigure) => number) => own.map(pick).sort((a, b) => a - b)[own.length >> 1]!
  return {
    subject,
    queriesPerSecond: median((figure) => figure.queriesPerSecond),
    cpu: median((figure) => figure.cpu),
    threadCpu: median((figure) => figure.threadCpu),
    lost: median((figure) => figure.lost),
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** Until the server answers a query (an echo of it will do). */
async function answering(port: number): Promise<void> {
  const query = buildQuery({ name: 'www.example.com', type: 'A' })
  const socket = createSocket('udp4')
  const heard = once(socket, 'message')
  const timer = setInterval(() => socket.send(query, port, '127.0.0.1'), 100)
  await heard
  clearInterval(timer)
  socket.close()
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

function print(): void {
  if (asJson) {
    console.log(JSON.stringify({ respond: respondFigures, load: loadFigures }, undefined, 2))
    return
  }
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}\n`)
  console.log(`${'respond() alone'.padEnd(34)}${'ns'.padStart(8)}${'bytes'.padStart(8)}`)
  for (const { kind, nanoseconds, bytes } of respondFigures) {
    console.log(`${kind.padEnd(34)}${nanoseconds.toFixed(0).padStart(8)}${bytes.toFixed(1).padStart(8)}`)
  }
  const [echo] = loadFigures
  if (!echo) return
  console.log(
    `\n${'over UDP, one worker'.padEnd(34)}${'q/s'.padStart(8)}${'CPU µs'.padStart(8)}${'thread'.padStart(8)}  beside the echo`,
  )
  for (const figure of loadFigures) {
    const { subject, queriesPerSecond, cpu, threadCpu, lost } = figure
    const columns = [queriesPerSecond.toFixed(0), cpu.toFixed(2), threadCpu.toFixed(2)]
      .map((text) => text.padStart(8))
      .join('')
    console.log(
      `${subject.padEnd(34)}${columns}  ${(cpu / echo.cpu).toFixed(2)} × CPU${lost > 0 ? `, ${lost} lost` : ''}`,
    )
  }
}
