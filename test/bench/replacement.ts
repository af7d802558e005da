// How long a client waits while a worker is killed or spins, and what is lost: a director of its own process under an open
// loop of queries, one worker, in turn.
//   node test/bench/replacement.ts [--rounds=10] [--rate=10000]
import { parseArgs } from 'node:util'
import type { HostOrder } from '../support/director-host.ts'
import { startDirector } from '../support/director-process.ts'
import { measure } from '../support/machine.ts'
import { sleep } from '../support/monotonic.ts'
import { askThrough } from '../support/restarts.ts'
import { createSite } from '../support/site.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, rate: { type: 'string', default: '10000' } },
})

const regions = { one: { balancers: ['192.0.2.1'] }, two: { balancers: ['192.0.2.2'] } }
const services = { web: { regions: ['one', 'two'], steer: ['weighted'] } }
const site = await createSite({ workers: 1, regions, services }, { 'example.com': 'www IN LB web' })
const director = await startDirector(site, 'host')
try {
  // Lives that last are replaced without a back-off.
  await sleep(1200)
  for (const kind of ['kill', 'spin'] as const) {
    const order: HostOrder = kind === 'kill' ? { kind, slot: 0 } : { kind, slot: 0, ms: 60_000 }
    const slowest: number[] = []
    let lost = 0
    const run = () =>
      askThrough(site, 'www.example.com', Number(values.rate), async () => {
        director.order(order)
        await sleep(1300)
      })
    for (let round = 0; round < Number(values.rounds); round++) {
      await measure(1, run, (passage, machine) => {
        console.log(`${kind}: slowest answer ${passage.slowestMs.toFixed(0)} ms, ${passage.lost} lost; ${machine}`)
        slowest.push(passage.slowestMs)
        lost += passage.lost
      })
    }
    slowest.sort((a, b) => a - b)
    const [median, most] = [slowest[slowest.length >> 1]!, slowest.at(-1)!]
    console.log(
      `${kind}: slowest answer ${median.toFixed(0)} ms in the median round, ${most.toFixed(0)} ms in the worst; ${lost} lost`,
    )
  }
} finally {
  await director.stop()
  site.remove()
}
