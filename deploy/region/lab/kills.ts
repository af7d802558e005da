// Kills at random moments: one region's HAProxy at a time, by turns, each after a random part of a check interval. How long
// users of that region lost requests is what a director is judged by.
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile, within } from './measure.ts'
import { boundMs, CHECK, REGIONS } from './plan.ts'
import { now, type Stage } from './stage.ts'

export interface Kill {
  readonly region: string
  /** Monotonic ms. */
  readonly at: number
  readonly lost: number
  /** From the kill to the last request that was lost for it. */
  readonly lostUntilMs: number
}

export interface KillFigures {
  readonly kills: readonly Kill[]
  readonly boundMs: number
  readonly medianMs: number
  readonly worstMs: number
  readonly lostMean: number
}

export async function killAtRandom(stage: Stage, count: number, tell: (kill: Kill) => void): Promise<KillFigures> {
  const kills: Kill[] = []
  for (let i = 0; i < count; i++) {
    await stage.settle()
    await sleep(Math.random() * CHECK.intervalMs)
    const kill = await killOnce(stage, REGIONS[i % REGIONS.length]!.name)
    kills.push(kill)
    tell(kill)
  }
  const until = kills.map(({ lostUntilMs }) => lostUntilMs)
  return {
    kills,
    boundMs: boundMs(false),
    medianMs: quantile(until, 0.5),
    worstMs: Math.max(...until),
    lostMean: kills.reduce((sum, { lost }) => sum + lost, 0) / count,
  }
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
