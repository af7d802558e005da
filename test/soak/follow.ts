// Directors that follow one another, the long version of test/integration/{socket-activation,hand-over}.test.ts:
//
//   restarts    on sockets that another process holds (LISTEN_FDS), under an open loop of 5,000 queries a second
//   hand-overs  by `serve --take-over`, under all that dnsperf can ask (a closed loop of 1,000 queries under way)
//
//   npm run soak:follow [-- --rounds=10 --workers=1]        exit code 1 when a query was lost
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { DirectorProcess, startDirector } from '../support/director-process.ts'
import { sleep } from '../support/monotonic.ts'
import { askThrough } from '../support/restarts.ts'
import { createSite, type Site } from '../support/site.ts'
import { SocketHolder } from '../support/socket-holder.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, workers: { type: 'string', default: '1' } },
})
const ROUNDS = Number(values.rounds)
const NAME = 'www.example.com'
const RATE = 5000
const SERVING_LIMIT_MS = 60_000
const LOST_AFTER_S = 2

const regions = { one: { balancers: ['192.0.2.1'] }, two: { balancers: ['192.0.2.2'] } }
const services = { web: { regions: ['one', 'two'], steer: ['weighted'] } }
const site = await createSite(
  { workers: Number(values.workers), regions, services },
  { 'example.com': 'www IN LB web' },
)
try {
  const lost = (await restart(site)) + (await handOver(site))
  process.exitCode = lost === 0 ? 0 : 1
} finally {
  site.remove()
}

/** How many queries were lost. */
async function restart(site: Site): Promise<number> {
  const holder = await SocketHolder.create()
  holder.hold('udp', site)
  holder.hold('tcp', site)
  let director = holder.start(site)
  await director.logged(/^serving on/, SERVING_LIMIT_MS)
  let lost = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const passage = await askThrough(site, NAME, RATE, async () => {
      await director.stop()
      director = holder.start(site)
      await director.logged(/^serving on/, SERVING_LIMIT_MS)
    })
    lost += passage.lost
    const { sent, slowestMs } = passage
    console.log(`restart ${round}: ${sent} queries, ${passage.lost} lost, the slowest took ${slowestMs.toFixed(0)} ms`)
  }
  await director.stop()
  holder.close()
  return lost
}

async function handOver(site: Site): Promise<number> {
  let director = await startDirector(site)
  let lost = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const load = startFullLoad(site)
    await sleep(500)
    const before = director
    director = new DirectorProcess(site, 'main', { words: ['--take-over'] })
    await director.logged(/^serving on/, SERVING_LIMIT_MS)
    await before.exited
    // What was lost meanwhile counts as lost only when its time is over, and else as interrupted.
    await sleep(1.25 * LOST_AFTER_S * 1000)
    const figures = await load.stop()
    lost += figures.lost
    console.log(`hand-over ${round}: ${figures.sent} queries, ${figures.lost} lost, ${figures.perSecond} a second`)
  }
  await director.stop()
  return lost
}

interface Figures {
  readonly sent: number
  readonly lost: number
  readonly perSecond: number
}

/** Until it is stopped, and then waits for what is under way. */
function startFullLoad({ folder, host, port, write }: Site): { readonly stop: () => Promise<Figures> } {
  write('queries', `${NAME} A\n`)
  const words = ['-s', host, '-p', String(port), '-d', join(folder, 'queries')]
  const running = promisify(execFile)('dnsperf', [
    ...words,
    '-l',
    '600',
    '-c',
    '8',
    '-q',
    '1000',
    '-t',
    String(LOST_AFTER_S),
  ])
  const stop = async () => {
    running.child.kill('SIGINT')
    const { stdout } = await running
    const figure = (label: string) => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1])
    return {
      sent: figure('Queries sent'),
      lost: figure('Queries lost'),
      perSecond: Math.round(figure('Queries per second')),
    }
  }
  return { stop }
}
