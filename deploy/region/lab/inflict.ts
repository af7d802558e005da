// Faults in turn, each between two looks at a lab that is well: what users felt, and by which reports the director went.
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import type { Fault } from './faults.ts'
import { feel, type Felt, type FeltReports } from './measure.ts'
import { percent, seconds, type Outcome } from './outcome.ts'
import { boundMs } from './plan.ts'
import type { Stage } from './stage.ts'
import type { Mark } from './timeline.ts'

const COLUMNS = 'lost of asked   lost until   moved after  back after   share before, during, after   median, worst'

interface Inflicted {
  readonly felt: Felt
  readonly marks: readonly Mark[]
}

/** `beforeMs`: how long users are looked at before each. */
export async function inflictAll(stage: Stage, faults: readonly Fault[], beforeMs: number): Promise<Outcome> {
  const marks: Mark[] = []
  const figures: Record<string, Felt> = {}
  console.log('fault'.padEnd(16) + COLUMNS)
  for (const fault of faults) {
    const inflicted = await inflictOne(stage, fault, beforeMs)
    marks.push(...inflicted.marks)
    figures[fault.name] = inflicted.felt
    console.log(formatFelt(fault, inflicted.felt))
  }
  console.log(`bounds: ${seconds(boundMs(false))} when refused, ${seconds(boundMs(true))} when hanging`)
  const complaints = faults
    .filter(({ name, isPlanned }) => isPlanned && figures[name]!.lost > 0)
    .map(({ name }) => `${name} lost requests, and should lose none: ${JSON.stringify(figures[name]!.reasons)}`)
  return { marks, figures, complaints }
}

async function inflictOne(stage: Stage, fault: Fault, beforeMs: number): Promise<Inflicted> {
  const { name, region, forMs, afterMs, inflict, heal } = fault
  await stage.settle()
  const begunAt = now()
  await sleep(beforeMs)
  const faultAt = now()
  const marks: Mark[] = [{ at: faultAt, text: name, heals: false }]
  const note = (text: string): void => {
    console.log(`  ${seconds(now() - faultAt).padStart(6)}  ${text}`)
    marks.push({ at: now(), text, heals: false })
  }
  await inflict(stage, note)
  await sleep(Math.max(0, faultAt + forMs - now()))
  const healedAt = now()
  marks.push({ at: healedAt, text: name, heals: true })
  await heal(stage, note)
  await sleep(afterMs)
  // The last requests are yet under way.
  const endedAt = now() - 1000
  return { felt: feel(stage.samples, stage.watch.looks, region, { begunAt, faultAt, healedAt, endedAt }), marks }
}

function formatFelt({ name }: Fault, felt: Felt): string {
  const { asked, lost, lostUntilMs, movedAfterMs, backAfterMs, shares, medianMs, worstMs, reports } = felt
  const row = [
    name.padEnd(16),
    `${lost} of ${asked}`.padEnd(16),
    seconds(lostUntilMs).padEnd(13),
    seconds(movedAfterMs).padEnd(13),
    seconds(backAfterMs).padEnd(13),
    [shares.before, shares.during, shares.after].map(percent).join(', ').padEnd(30),
    `${medianMs.toFixed(0)}, ${worstMs.toFixed(0)} ms`,
  ].join('')
  return reports ? `${row}\n${formatReports(reports)}` : row
}

function formatReports({ takenAfterMs, least, ramp, wholeAfterMs }: FeltReports): string {
  const back = `${ramp.map(percent).join(', ')}; all of it ${seconds(wholeAfterMs)} after the end`
  return `  by its reports  share taken after ${seconds(takenAfterMs)}, ${percent(least)} left; then ${back}`
}
