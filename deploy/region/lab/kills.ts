// Kills at random moments: one region's HAProxy at a time, by turns, each after a random part of a check interval. How long
// users of that region lost requests is what a director is judged by.
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import { quantile, within } from './measure.ts'
import { seconds, type Outcome } from './outcome.ts'
import { boundMs, CHECK, REGIONS } from './plan.ts'
import type { Stage } from './stage.ts'

interface Kill {
  readonly region: string
  /** Monotonic ms. */
  readonly at: number
  readonly lost: number
  /** From the kill to the last request that was lost for it. */
  readonly lostUntilMs: number
}

export async function killAtRandom(stage: Stage, count: number): Promise<Outcome> {
  const kills: Kill[] = []
  for (let i = 0; i < count; i++) {
    await stage.settle()
    await sleep(Math.random() * CHECK.intervalMs)
    const kill = await killOnce(stage, REGIONS[i % REGIONS.length]!.name)
    kills.push(kill)
    console.log(`${kill.region.padEnd(10)}${kill.lost} lost, the last ${seconds(kill.lostUntilMs)} after the kill`)
  }
  const marks = kills.map(({ at, region }) => ({ at, text: region, heals: false }))
  return { marks, figures: sumUp(kills), complaints: [] }
}

function sumUp(kills: readonly Kill[]): object {
  const until = kills.map(({ lostUntilMs }) => lostUntilMs).toSorted((a, b) => a - b)
  const [medianMs, worstMs] = [quantile(until, 0.5), quantile(until, 1)]
  const lostMean = kills.reduce((sum, { lost }) => sum + lost, 0) / kills.length
  console.log(`lost until, sorted: ${until.map(seconds).join(', ')}`)
  console.log(
    `${kills.length} kills: median ${seconds(medianMs)}, worst ${seconds(worstMs)}, bound ${seconds(boundMs(false))}; ` +
      `${lostMean.toFixed(1)} requests lost a kill`,
  )
  return { kills, boundMs: boundMs(false), medianMs, worstMs, lostMean }
}

async function killOnce(stage: Stage, region: string): Promise<Kill> {
  const at = now()
  await stage.killHaproxy(region)
  await sleep(boundMs(false) + 1500)
  const end = now() - 500
  stage.startHaproxy(region)
  const lost = within(stage.samples, at, end).filter((sample) => sample.lost !== undefined)
  return { region, at, lost: lost.length, lostUntilMs: Math.max(0, ...lost.map((sample) => sample.at - at)) }
}
