// The lab: three regions on loopback behind a real director, users on three continents, and everything that goes wrong.
//
//   npm run lab                                  every fault in turn: what users felt (about six minutes)
//   npm run lab -- --only half-gone --only slow  these faults alone
//   npm run lab -- --only maintenance            an operator's work, by commands: nobody may lose a request
//   npm run lab -- --kills 20                    kills at random moments: for how long users lost requests
//   npm run lab -- --what-if 10                  forecasts of random changes, and what clients then met
//   npm run lab -- --director gdnsd              the same with gdnsd as the director, for comparison
//   npm run lab -- --quick                       shorter looks before and after; returns are then not seen
//   npm run lab -- --install                     installs what is missing first (Debian, as root)
//
// Prints a table and writes it as JSON, with a timeline as SVG, to --out (lab-results). All is on loopback and in a
// temporary folder, and gone when it ends, however it ends.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { now } from './clock.ts'
import type { DirectorName } from './directors.ts'
import { FAULTS, type Fault } from './faults.ts'
import { inflictAll } from './inflict.ts'
import { killAtRandom } from './kills.ts'
import type { Outcome } from './outcome.ts'
import { NAME, RESOLVERS, SPLIT_NAME } from './plan.ts'
import { EVEN, skewed } from './population.ts'
import { installPrograms, missingPrograms } from './programs.ts'
import { Stage, type Cast } from './stage.ts'
import { drawTimeline } from './timeline.ts'
import { judgeForecasts } from './what-if.ts'

const BEFORE_MS = 4000
/** How long each phase is at most when it shall be quick. */
const QUICK = { beforeMs: 2500, forMs: 9000, afterMs: 2500 }
/** A kill, its bound, and the return. */
const KILL_MS = 25_000
/** A forecast, a change, its look, and its end. */
const SCENARIO_MS = 45_000
/** For starting, settling between faults, and ending. */
const SPARE_MS = 90_000
/** Of the networks' order and the scenarios, where forecasts are judged. */
const SEED = 7

interface Options {
  readonly director: DirectorName
  readonly faults: readonly Fault[]
  readonly quick: boolean
  /** 0: none. */
  readonly kills: number
  readonly scenarios: number
  readonly out: string
  readonly install: boolean
}

/** What one run of the lab does. */
interface Run {
  readonly name: 'faults' | 'kills' | 'what-if'
  readonly cast: Omit<Cast, 'director'>
  readonly limitMs: number
  readonly play: (stage: Stage) => Promise<Outcome>
}

async function main(): Promise<void> {
  const options = readOptions()
  provide(options)
  const { director, out } = options
  const { name, cast, limitMs, play } = chooseRun(options)
  console.log(`lab: ${director} directs; at most ${Math.ceil((limitMs + SPARE_MS) / 1000)} s`)
  setTimeout(() => fail('it took longer than it may'), limitMs + SPARE_MS).unref()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const stage = await Stage.open({ director, ...cast })
  try {
    const begunAt = now()
    const outcome = await play(stage)
    write(join(out, `${director}-${name}`), director, stage, outcome, begunAt)
    for (const complaint of outcome.complaints) console.error(`lab: ${complaint}`)
    process.exitCode = outcome.complaints.length > 0 ? 1 : 0
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
      'what-if': { type: 'string', default: '0' },
      out: { type: 'string', default: 'lab-results' },
      install: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  })
  const { director, only, kills, 'what-if': scenarios } = values
  if (director !== 'meridian' && director !== 'gdnsd') fail(`--director is meridian or gdnsd, not "${director}"`)
  if (!/^\d{1,3}$/.test(kills)) fail(`--kills takes a number, not "${kills}"`)
  if (!/^\d{1,3}$/.test(scenarios)) fail(`--what-if takes a number, not "${scenarios}"`)
  if (director === 'gdnsd' && scenarios !== '0') fail('gdnsd has no forecasts: --what-if is for meridian')
  const faults = chooseFaults(only, director)
  return { ...values, director, faults, kills: Number(kills), scenarios: Number(scenarios) }
}

function chooseFaults(only: readonly string[], director: DirectorName): readonly Fault[] {
  const possible = director === 'gdnsd' ? FAULTS.filter(({ isPlanned }) => !isPlanned) : FAULTS
  const unknown = only.find((name) => !possible.some((fault) => fault.name === name))
  if (unknown !== undefined) {
    fail(`--only takes one of ${possible.map(({ name }) => name).join(', ')}, not "${unknown}"`)
  }
  return only.length === 0 ? possible : possible.filter(({ name }) => only.includes(name))
}

function provide({ director, install }: Options): void {
  const missing = missingPrograms(['haproxy', 'unbound', 'openssl', ...(director === 'gdnsd' ? ['gdnsd'] : [])])
  if (missing.length === 0) return
  if (!install) fail(`missing: apt-get install ${missing.join(' ')} (or: npm run lab -- --install)`)
  const problem = installPrograms(missing)
  if (problem !== undefined) fail(problem)
}

function chooseRun({ kills, scenarios, faults, quick }: Options): Run {
  const even = { users: EVEN, resolvers: 1, names: [NAME], fetches: true }
  if (kills > 0) {
    const play = (stage: Stage) => killAtRandom(stage, kills)
    return { name: 'kills', cast: even, limitMs: kills * KILL_MS, play }
  }
  if (scenarios > 0) {
    const cast = { users: skewed(SEED), resolvers: RESOLVERS.length, names: [NAME, SPLIT_NAME], fetches: false }
    const play = (stage: Stage) => judgeForecasts(stage, scenarios, SEED)
    return { name: 'what-if', cast, limitMs: scenarios * SCENARIO_MS, play }
  }
  const beforeMs = quick ? QUICK.beforeMs : BEFORE_MS
  const chosen = quick ? faults.map(shorten) : faults
  const limitMs = chosen.reduce((sum, { forMs, afterMs }) => sum + beforeMs + forMs + afterMs, 0)
  return { name: 'faults', cast: even, limitMs, play: (stage) => inflictAll(stage, chosen, beforeMs) }
}

function shorten(fault: Fault): Fault {
  const { forMs, afterMs } = fault
  return { ...fault, forMs: Math.min(forMs, QUICK.forMs), afterMs: Math.min(afterMs, QUICK.afterMs) }
}

/** `file`: without its ending. */
function write(file: string, director: DirectorName, stage: Stage, { marks, figures }: Outcome, begunAt: number): void {
  mkdirSync(join(file, '..'), { recursive: true })
  const title = `${director}: who answered each region's users, second by second`
  const samples = stage.samples.filter(({ name }) => name === NAME)
  writeFileSync(`${file}.json`, `${JSON.stringify({ director, at: new Date().toISOString(), figures }, null, 2)}\n`)
  writeFileSync(`${file}.svg`, drawTimeline(title, samples, marks, begunAt, now()))
  console.log(`written: ${file}.json, ${file}.svg`)
}

function fail(why: string): never {
  console.error(`lab: ${why}`)
  process.exit(1)
}

await main().catch((error: unknown) => fail((error as Error).message))
