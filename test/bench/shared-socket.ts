// What it costs when workers share one UDP socket, as those do that one descriptor was handed over to, beside a socket for
// each: CPU of the process a query, under all that dnsperf can ask and under a steady 2,000 a second, in turn.
//   node test/bench/shared-socket.ts [--rounds=5] [--workers=2]
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { createSite, type Site } from '../support/site.ts'
import { SocketHolder } from '../support/socket-holder.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, workers: { type: 'string', default: '2' } },
})
const STEADY = 2000

interface Subject {
  readonly site: Site
  readonly director: DirectorProcess
}

const regions = { one: { balancers: ['192.0.2.1'] }, two: { balancers: ['192.0.2.2'] } }
const services = { web: { regions: ['one', 'two'], steer: ['weighted'] } }
const config = { workers: Number(values.workers), regions, services }
const zones = { 'example.com': 'www IN LB web' }

const holder = await SocketHolder.create()
const [own, shared] = [await startOwn(), await startShared()]
for (const rate of [undefined, STEADY]) {
  const rows: [number, number][] = []
  for (let round = 0; round < Number(values.rounds); round++)
    rows.push([await cost(own, rate), await cost(shared, rate)])
  const median = (pick: (row: [number, number]) => number) => rows.map(pick).sort((a, b) => a - b)[rows.length >> 1]!
  console.log(
    `${rate ?? 'as many as can be'} queries/s: a socket each ${median(([a]) => a).toFixed(2)} µs a query, ` +
      `one shared ${median(([, b]) => b).toFixed(2)} µs, ${median(([a, b]) => b / a).toFixed(2)} times`,
  )
}
for (const { site, director } of [own, shared]) {
  await director.stop()
  site.remove()
}
holder.close()

async function startOwn(): Promise<Subject> {
  const site = await createSite(config, zones)
  return { site, director: await startDirector(site) }
}

async function startShared(): Promise<Subject> {
  const site = await createSite(config, zones)
  holder.hold('udp', site)
  holder.hold('tcp', site)
  const director = holder.start(site)
  await director.logged(/^serving on/, 15_000)
  return { site, director }
}

/** Microseconds of processor time a query. */
async function cost({ site, director }: Subject, rate: number | undefined): Promise<number> {
  site.write('queries', 'www.example.com A\n')
  const before = cpuMicroseconds(director.pid)
  const { stdout } = await promisify(execFile)('dnsperf', [
    ...['-s', site.host, '-p', String(site.port), '-d', join(site.folder, 'queries')],
    ...['-l', '3', '-c', '16', '-q', '500', ...(rate === undefined ? [] : ['-Q', String(rate)])],
  ])
  const completed = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1])
  return (cpuMicroseconds(director.pid) - before) / completed
}

function cpuMicroseconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) => {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  })
  return nanoseconds.reduce((sum, ns) => sum + ns, 0) / 1000
}
