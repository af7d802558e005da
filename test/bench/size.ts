// npm run bench:size: one zone of a million names, and ten thousand zones, in ours, Knot and gdnsd, one after the other in
// one run: time from the start of the program to its first answer, processor time until then, and resident memory, at its
// highest and when it is at rest. Ours runs twice: with an empty state folder, and again with its copies in it.
// Figures of one machine at one hour: compare ratios, never absolute figures of different runs. Linux only (/proc).
//   --quick   a tenth of both, one round         --rounds=N   3 by default; medians are told
//   --main=FILE   the program: a release (dist/main.js) needs no type stripping, which costs each thread some 20 MiB
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { askOn, openFlow } from '../support/dns-client.ts'
import { freePort } from '../support/free-port.ts'
import { HOST, isThere, startGdnsd, startKnot, startOurs, type Place } from './load/peers.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 1 : Number(/--rounds=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 3)
const scale = quick ? 10 : 1
const folder = mkdtempSync(join(tmpdir(), 'meridian-size-'))
const MAIN = /--main=(\S+)/.exec(process.argv.join(' '))?.[1] ?? join(import.meta.dirname, '../../src/main.ts')
const SETTLE_MS = 3000
const HEAD = '$TTL 3600\n@ SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n'

interface Load {
  readonly what: string
  /** The folder of its `*.zone` files. */
  readonly zones: string
  /** A name with an A record that stands last. */
  readonly lastName: string
}

interface Subject {
  readonly name: string
  /** Whether it may start on what it left behind. */
  readonly keeps: boolean
  readonly start: (place: Place) => ChildProcess
}

interface Figure {
  readonly firstAnswerMs: number
  readonly cpuMs: number
  readonly peakMiB: number
  readonly restMiB: number
}

const startMain = (place: Place): ChildProcess => startOurs(place, MAIN)
const SUBJECTS: readonly Subject[] = [
  { name: 'ours', keeps: false, start: startMain },
  { name: 'ours, again', keeps: true, start: startMain },
  ...(isThere('knotd') ? [{ name: 'knot', keeps: false, start: startKnot }] : []),
  ...(isThere('gdnsd') ? [{ name: 'gdnsd', keeps: false, start: startGdnsd }] : []),
]

try {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}\n`)
  for (const load of [millionNames(), manyZones()]) await measureLoad(load)
} finally {
  rmSync(folder, { recursive: true })
}

function millionNames(): Load {
  const count = 1_000_000 / scale
  const zones = join(folder, 'million')
  const lines = Array.from({ length: count }, (_, i) => `host${i} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`)
  mkdirSync(zones)
  writeFileSync(join(zones, 'example.com.zone'), HEAD + lines.join(''))
  return { what: `one zone of ${count} names`, zones, lastName: `host${count - 1}.example.com` }
}

function manyZones(): Load {
  const count = 10_000 / scale
  const zones = join(folder, 'many')
  const records =
    '@ NS ns2\nns2 A 192.0.2.54\n@ MX 10 mail\nmail A 192.0.2.25\nwww A 192.0.2.80\n@ TXT "v=spf1 mx -all"\n'
  mkdirSync(zones)
  for (let i = 0; i < count; i++) writeFileSync(join(zones, `zone${i}.example.zone`), HEAD + records)
  return { what: `${count} zones`, zones, lastName: `www.zone${count - 1}.example` }
}

async function measureLoad(load: Load): Promise<void> {
  const found = new Map<string, Figure[]>(SUBJECTS.map(({ name }) => [name, []]))
  const work = join(folder, 'work')
  for (let round = 0; round < rounds; round++) {
    for (const { name, keeps, start } of SUBJECTS) {
      if (!keeps) rmSync(work, { recursive: true, force: true })
      mkdirSync(work, { recursive: true })
      found.get(name)!.push(await measure(start, load, work))
    }
  }
  rmSync(work, { recursive: true })
  console.log(`${load.what.padEnd(26)}${['answers ms', 'CPU ms', 'peak MiB', 'rest MiB'].map(pad).join('')}`)
  for (const [name, figures] of found) {
    const columns = (['firstAnswerMs', 'cpuMs', 'peakMiB', 'restMiB'] as const).map((key) => median(figures, key))
    console.log(`${name.padEnd(26)}${columns.map((value) => pad(value.toFixed(0))).join('')}`)
  }
  console.log()
}

function pad(text: string): string {
  return text.padStart(12)
}

function median(figures: readonly Figure[], key: keyof Figure): number {
  return figures.map((figure) => figure[key]).sort((a, b) => a - b)[figures.length >> 1]!
}

async function measure(start: Subject['start'], load: Load, work: string): Promise<Figure> {
  const port = await freePort(HOST)
  const from = performance.now()
  const child = start({ zones: load.zones, port, work })
  const ended = once(child, 'exit')
  try {
    await firstAnswer(port, load.lastName, child)
    const firstAnswerMs = performance.now() - from
    const cpuMs = cpuOf(child.pid!)
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    return { firstAnswerMs, cpuMs, peakMiB: memoryOf(child.pid!, 'VmHWM'), restMiB: memoryOf(child.pid!, 'VmRSS') }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

async function firstAnswer(port: number, name: string, child: ChildProcess): Promise<void> {
  const socket = await openFlow({ host: HOST, port })
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`)
      const answer = await askOn(socket, { name, type: 'A' }, 20)
      if (answer?.rcode === 'NOERROR' && answer.answer.length > 0) return
    }
  } finally {
    socket.close()
  }
}

/** Of all threads; /proc counts in hundredths of a second. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function memoryOf(pid: number, key: 'VmHWM' | 'VmRSS'): number {
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}
