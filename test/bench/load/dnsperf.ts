// A load by dnsperf: as many queries as are answered, from one thread; and what the server's threads took of the processors
// meanwhile. dnsperf waits for answers before it asks more, so that it knows no latency worth telling: see open-loop.ts.
import { execFile, execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { HOST } from './peers.ts'

export interface LoadFigure {
  readonly queriesPerSecond: number
  /** CPU of the whole process and of its busiest thread, microseconds a query. */
  readonly cpu: number
  readonly threadCpu: number
  readonly lost: number
  /** Of a processor that the generator took: near 1, it was the limit. */
  readonly generator: number
}

export function hasDnsperf(): boolean {
  try {
    execFileSync('dnsperf', ['-h'], { stdio: 'ignore' })
    return true
  } catch {
    console.error('dnsperf is missing (Debian: apt-get install dnsperf): the servers are not measured')
    return false
  }
}

/** `queries`: a file of messages (kinds.ts). */
export async function load(port: number, pid: number, queries: string, seconds: number): Promise<LoadFigure> {
  const before = cpuByThread(pid)
  const words = [
    '-B',
    '-s',
    HOST,
    '-p',
    String(port),
    '-d',
    queries,
    '-l',
    String(seconds),
    '-c',
    '4',
    '-T',
    '1',
    '-q',
    '500',
  ]
  const running = promisify(execFile)('dnsperf', words)
  let taken = 0
  const timer = setInterval(() => (taken = cpuOf(running.child.pid!) ?? taken), 50)
  const { stdout } = await running.finally(() => clearInterval(timer))
  const spent = [...cpuByThread(pid)].map(([thread, ns]) => ns - (before.get(thread) ?? 0))
  const figure = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  const completed = figure('Queries completed')
  return {
    queriesPerSecond: figure('Queries per second'),
    cpu: spent.reduce((sum, ns) => sum + ns, 0) / 1000 / completed,
    threadCpu: Math.max(...spent) / 1000 / completed,
    lost: figure('Queries lost'),
    generator: taken / 1e9 / seconds,
  }
}

/** Nanoseconds on a processor, by thread (/proc/PID/task/TID/schedstat). */
function cpuByThread(pid: number): Map<string, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => [
      thread,
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    ]),
  )
}

/** Of all threads; undefined when the process is gone. */
function cpuOf(pid: number): number | undefined {
  try {
    return [...cpuByThread(pid).values()].reduce((sum, ns) => sum + ns, 0)
  } catch {
    return undefined
  }
}
