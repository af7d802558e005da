// The bare echo through each UDP listener, in turn, in one run, and beside them any server that runs already: what a packet
// costs before a query is looked at. CPU is that of the busiest thread (Linux: /proc/PID/task/TID/schedstat).
//   node test/bench/udp-listeners.ts [--rounds=7] [--seconds=2] [NAME:PORT:PID …]
// Ratios are taken within a round and then the median: on a machine that others use, the figures of one round resemble each
// other more than those of one server do.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { UdpSockets } from '../../src/server/descriptors.ts'
import { Server, lanesFor } from '../../src/server/server.ts'
import { Publisher } from '../../src/snapshot/publication.ts'
import { WIDE_TCP_LIMITS } from '../support/tcp-limits.ts'

interface Subject {
  readonly name: string
  readonly port: number
  readonly pid: number
}

interface Figure {
  readonly queriesPerSecond: number
  readonly cpuMicroseconds: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    echo: { type: 'string' },
  },
})

if (values.echo === undefined) await compare()
else await serveEcho(values.echo as UdpSockets)

/** The child's part: an echo on a port of the system's choice, which is printed. */
async function serveEcho(sockets: UdpSockets): Promise<void> {
  const server = new Server({
    endpoints: [{ host: '127.0.0.1', port: 0 }],
    workers: 1,
    sockets,
    publication: new Publisher(lanesFor(1)),
    tcp: WIDE_TCP_LIMITS,
    responder: new URL('./echo-responder.ts', import.meta.url),
  })
  const faults = await server.start()
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('; '))
  console.log(server.endpoints[0]!.port)
  process.once('SIGTERM', () => void server.stop().then(() => process.exit()))
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-udp-'))
  const queries = join(folder, 'queries')
  writeFileSync(queries, 'www.example.com A\n')
  const children: ChildProcess[] = []
  try {
    const subjects = []
    for (const sockets of ['batched', 'portable'] as const) subjects.push(await startEcho(sockets, children))
    subjects.push(...positionals.map(readSubject))
    print(subjects, await measure(subjects, queries))
  } finally {
    for (const child of children) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true })
  }
}

async function startEcho(sockets: UdpSockets, children: ChildProcess[]): Promise<Subject> {
  const child = spawn(process.execPath, [import.meta.filename, `--echo=${sockets}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return { name: `${sockets} echo`, port: Number(port), pid: child.pid! }
}

function readSubject(text: string): Subject {
  const [name, port, pid] = text.split(':')
  return { name: name!, port: Number(port), pid: Number(pid) }
}

/** By round, then by subject. */
async function measure(subjects: readonly Subject[], queries: string): Promise<Figure[][]> {
  const rounds: Figure[][] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const figures = []
    for (const subject of subjects) figures.push(await load(subject, queries))
    rounds.push(figures)
  }
  return rounds
}

async function load({ port, pid }: Subject, queries: string): Promise<Figure> {
  const before = cpuByThread(pid)
  const { stdout } = await promisify(execFile)('dnsperf', [
    ...['-s', '127.0.0.1', '-p', String(port), '-d', queries],
    ...['-l', values.seconds, '-c', '4', '-T', '1', '-q', '500'],
  ])
  const spent = [...cpuByThread(pid)].map(([thread, ns]) => ns - (before.get(thread) ?? 0))
  const figure = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  return {
    queriesPerSecond: figure('Queries per second'),
    cpuMicroseconds: Math.max(...spent) / 1000 / figure('Queries completed'),
  }
}

/** Nanoseconds on a processor. */
function cpuByThread(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`)
  return new Map(
    threads.map((thread) => [
      thread,
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    ]),
  )
}

function print(subjects: readonly Subject[], rounds: readonly Figure[][]): void {
  console.log(`${''.padEnd(16)}${'q/s'.padStart(8)}${'CPU µs'.padStart(8)}  CPU beside ${subjects[0]!.name}`)
  subjects.forEach(({ name }, i) => {
    const column = (pick: (round: readonly Figure[]) => number) => median(rounds.map(pick))
    const queriesPerSecond = column((round) => round[i]!.queriesPerSecond).toFixed(0)
    const cpu = column((round) => round[i]!.cpuMicroseconds).toFixed(2)
    const ratio = column((round) => round[i]!.cpuMicroseconds / round[0]!.cpuMicroseconds).toFixed(2)
    console.log(`${name.padEnd(16)}${queriesPerSecond.padStart(8)}${cpu.padStart(8)}  ${ratio} ×`)
  })
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!
}
