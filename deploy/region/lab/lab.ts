// The lab: three regions on loopback behind a real director, users on three continents, and everything that goes wrong.
//
//   npm run lab                                  every fault in turn: what users felt (about five minutes)
//   npm run lab -- --only half-gone --only slow  these faults alone
//   npm run lab -- --kills 20                    kills at random moments: for how long users lost requests
//   npm run lab -- --director gdnsd              the same with gdnsd as the director, for comparison
//   npm run lab -- --quick                       shorter looks before and after; returns are then not seen
//   npm run lab -- --install                     installs what is missing first (Debian, as root)
//
// Prints a table and writes it as JSON, with a timeline as SVG, to --out (lab-results). All is on loopback and in a
// temporary folder, and gone when it ends, however it ends.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { DirectorName } from './directors.ts'
import { FAULTS, type Fault } from './faults.ts'
import { killAtRandom, type Kill } from './kills.ts'
import { feel, type Felt } from './measure.ts'
import { boundMs } from './plan.ts'
import { installPrograms, missingPrograms } from './programs.ts'
import { now, Stage } from './stage.ts'
import { drawTimeline, type Mark } from './timeline.ts'

const BEFORE_MS = 4000
/** How long each phase is at most when it shall be quick. */
const QUICK = { beforeMs: 2500, forMs: 9000, afterMs: 2500 }
/** A kill, its bound, and the return. */
const KILL_MS = 25_000
/** For starting, settling between faults, and ending. */
const SPARE_MS = 90_000

interface Options {
  readonly director: DirectorName
  readonly beforeMs: number
  readonly faults: readonly Fault[]
  /** 0: faults instead. */
  readonly kills: number
  readonly out: string
  readonly install: boolean
}

interface Outcome {
  readonly marks: readonly Mark[]
  /** What goes into the JSON file. */
  readonly figures: object
}

async function main(): Promise<void> {
  const options = readOptions()
  const missing = missingPrograms(['haproxy', 'unbound', 'openssl', ...(options.director === 'gdnsd' ? ['gdnsd'] : [])])
  if (missing.length > 0 && !(options.install && installPrograms(missing))) {
    return fail(`missing: apt-get install ${missing.join(' ')} (or: npm run lab -- --install)`)
  }
  const length = options.kills > 0 ? options.kills * KILL_MS : planMs(options)
  console.log(`lab: ${options.director} directs; at most ${Math.ceil((length + SPARE_MS) / 1000)} s`)
  setTimeout(() => fail('it took longer than it may'), length + SPARE_MS).unref()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const stage = await Stage.open(options.director)
  const begunAt = now()
  try {
    const outcome = options.kills > 0 ? await kill(stage, options.kills) : await inflictAll(stage, options)
    write(options, stage, outcome, begunAt)
  } finally {
    await stage.close()
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      director: { type: 'string', default: 'meridian' },
      only: { type: 'string', multiple: true, default: [] },
      kills: { type: 'string', default: '0' },
      out: { type: 'string', default: 'lab-results' },
      install: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  })
  const { director, only, kills, quick } = values
  if (director !== 'meridian' && director !== 'gdnsd') fail(`--director is meridian or gdnsd, not "${director}"`)
  if (!/^\d{1,3}$/.test(kills)) fail(`--kills takes a number, not "${kills}"`)
  const unknown = only.find((name) => !FAULTS.some((fault) => fault.name === name))
  if (unknown !== undefined) {
    fail(`--only takes one of ${FAULTS.map(({ name }) => name).join(', ')}, not "${unknown}"`)
  }
  const chosen = only.length === 0 ? FAULTS : FAULTS.filter(({ name }) => only.includes(name))
  const faults = quick ? chosen.map(shorten) : chosen
  return { ...values, director, faults, kills: Number(kills), beforeMs: quick ? QUICK.beforeMs : BEFORE_MS }
}

function shorten(fault: Fault): Fault {
  const { forMs, afterMs } = fault
  return { ...fault, forMs: Math.min(forMs, QUICK.forMs), afterMs: Math.min(afterMs, QUICK.afterMs) }
}

function planMs({ faults, beforeMs }: Options): number {
  return faults.reduce((sum, { forMs, afterMs }) => sum + beforeMs + forMs + afterMs, 0)
}

async function inflictAll(stage: Stage, { faults, beforeMs }: Options): Promise<Outcome> {
  const marks: Mark[] = []
  const figures: Record<string, Felt> = {}
  console.log(
    `${'fault'.padEnd(16)}lost of asked   lost until   moved after  back after   share before, during, after   median, worst`,
  )
  for (const fault of faults) {
    const { felt, faultAt, healedAt } = await inflictOne(stage, fault, beforeMs)
    marks.push({ at: faultAt, text: fault.name, heals: false }, { at: healedAt, text: fault.name, heals: true })
    figures[fault.name] = felt
    console.log(formatFelt(fault, felt))
  }
  console.log(`bounds: ${seconds(boundMs(false))} when refused, ${seconds(boundMs(true))} when hanging`)
  return { marks, figures }
}

async function inflictOne(stage: Stage, { region, forMs, afterMs, inflict, heal }: Fault, beforeMs: number) {
  await stage.settle()
  const begunAt = now()
  await sleep(beforeMs)
  const faultAt = now()
  await inflict(stage)
  await sleep(Math.max(0, faultAt + forMs - now()))
  const healedAt = now()
  await heal(stage)
  await sleep(afterMs)
  // The last requests are yet under way.
  const endedAt = now() - 1000
  return { felt: feel(stage.samples, region, { begunAt, faultAt, healedAt, endedAt }), faultAt, healedAt }
}

async function kill(stage: Stage, count: number): Promise<Outcome> {
  const figures = await killAtRandom(stage, count, (kill) => console.log(formatKill(kill)))
  const { kills, medianMs, worstMs, lostMean } = figures
  const sorted = kills.map(({ lostUntilMs }) => lostUntilMs).toSorted((a, b) => a - b)
  console.log(`lost until, sorted: ${sorted.map(seconds).join(', ')}`)
  console.log(
    `${count} kills: median ${seconds(medianMs)}, worst ${seconds(worstMs)}, bound ${seconds(figures.boundMs)}; ` +
      `${lostMean.toFixed(1)} requests lost a kill`,
  )
  return { marks: kills.map(({ at, region }) => ({ at, text: region, heals: false })), figures }
}

function write({ director, out, kills }: Options, stage: Stage, { marks, figures }: Outcome, begunAt: number): void {
  mkdirSync(out, { recursive: true })
  const file = join(out, `${director}-${kills > 0 ? 'kills' : 'faults'}`)
  const title = `${director}: who answered each region's users, second by second`
  writeFileSync(`${file}.json`, `${JSON.stringify({ director, at: new Date().toISOString(), figures }, null, 2)}\n`)
  writeFileSync(`${file}.svg`, drawTimeline(title, stage.samples, marks, begunAt, now()))
  console.log(`written: ${file}.json, ${file}.svg`)
}

function formatFelt(
  { name }: Fault,
  { asked, lost, lostUntilMs, movedAfterMs, backAfterMs, shares, medianMs, worstMs }: Felt,
): string {
  return [
    name.padEnd(16),
    `${lost} of ${asked}`.padEnd(16),
    seconds(lostUntilMs).padEnd(13),
    (movedAfterMs === undefined ? 'not' : seconds(movedAfterMs)).padEnd(13),
    (backAfterMs === undefined ? 'not yet' : seconds(backAfterMs)).padEnd(13),
    [shares.before, shares.during, shares.after].map(percent).join(', ').padEnd(30),
    `${medianMs.toFixed(0)}, ${worstMs.toFixed(0)} ms`,
  ].join('')
}

function formatKill({ region, lost, lostUntilMs }: Kill): string {
  return `${region.padEnd(10)}${lost} lost, the last ${seconds(lostUntilMs)} after the kill`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

function fail(why: string): never {
  console.error(`lab: ${why}`)
  process.exit(1)
}

await main().catch((error: unknown) => fail((error as Error).message))
