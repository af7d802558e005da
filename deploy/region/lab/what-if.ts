// Forecasts against what then happens, where a resolver stands between and a few networks ask most: `plan` says what shares
// regions would have, the same is then done to them, and the shares that clients met are counted, and those that the
// director answered. Scenarios are by chance, repeatable by their seed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Forecast } from '../../../src/admin/plan.ts'
import type { Status } from '../../../src/admin/status.ts'
import { seededRandom, type Random } from '../../../src/base/random.ts'
import { now } from './clock.ts'
import { quantile, within, type Sample } from './measure.ts'
import { percent, type Outcome } from './outcome.ts'
import { boundMs, NAME, REGIONS, SPLIT_NAME, TTL_SECONDS } from './plan.ts'
import type { Stage } from './stage.ts'

/** For classes to be counted before the first forecast. */
const WARM_UP_MS = 10_000
const LOOK_MS = 10_000
/** Until no cache holds what was answered before: the TTL, and room for a plan. */
const TURN_MS = TTL_SECONDS * 1000 + 1000

const SERVICES = { web: NAME, split: SPLIT_NAME } as const
type Service = keyof typeof SERVICES

/** By region: 0 to 1. */
type Shares = Readonly<Record<string, number>>

/** Something that `plan` forecasts, and how it is then made true, and undone. */
interface Change {
  readonly kind: 'drain' | 'share' | 'weight' | 'fail'
  readonly target: string
  readonly value?: number
}

interface Judged {
  readonly scenario: string
  readonly service: Service
  readonly forecast: Shares
  readonly answered: Shares
  readonly met: Shares
  /** The greatest difference of a region's share to the forecast: of the director's answers, and of what clients met. */
  readonly errorAnswered: number
  readonly errorMet: number
}

export async function judgeForecasts(stage: Stage, count: number, seed: number): Promise<Outcome> {
  const random = seededRandom(seed)
  const judged: Judged[] = []
  const marks: Outcome['marks'][number][] = []
  await sleep(WARM_UP_MS)
  for (let i = 0; i < count; i++) {
    const changes = chooseChanges(random)
    const scenario = changes.map(formatChange).join(', ')
    marks.push({ at: now(), text: scenario, heals: false })
    for (const one of await playScenario(stage, changes, scenario)) {
      judged.push(one)
      console.log(formatJudged(one))
    }
    marks.push({ at: now(), text: scenario, heals: true })
  }
  return { marks, figures: { seed, judged, ...sumUp(judged) }, complaints: [] }
}

/** One or two, of different targets; never so much that a safety rule refuses it. */
function chooseChanges(random: Random): Change[] {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const [first, second] = [pick(REGIONS).name, pick(REGIONS).name]
  const scope = (region: string) => pick([region, `web:${region}`, `split:${region}`])
  const hard: Change = { kind: pick(['drain', 'drain', 'fail']), target: first }
  const soft: Change =
    random() < 0.5
      ? { kind: 'share', target: scope(second), value: Math.round(random() * 100) / 100 }
      : { kind: 'weight', target: `split:${second}`, value: 1 + Math.floor(random() * 9) }
  return pick([[hard], [soft], first === second ? [soft] : [hard, soft]])
}

async function playScenario(stage: Stage, changes: readonly Change[], scenario: string): Promise<Judged[]> {
  const forecast = JSON.parse(await stage.watch.operate('plan', ...changes.flatMap(asForecast), '--json')) as Forecast
  for (const change of changes) await apply(stage, change)
  const isFailure = changes.some(({ kind }) => kind === 'fail')
  await sleep(isFailure ? boundMs(false) : TURN_MS)
  const [from, before] = [now(), await stage.watch.status()]
  await sleep(LOOK_MS)
  const [to, after] = [now(), await stage.watch.status()]
  for (const change of changes) await undo(stage, change)
  // The last are yet under way.
  await sleep(TURN_MS)
  await stage.settle()
  const samples = within(stage.samples, from, to)
  return (Object.keys(SERVICES) as Service[]).map((service) => {
    const { after: shares } = forecast.services.find((one) => one.service === service)!
    const [answered, met] = [answeredBetween(before, after, service), metBy(samples, SERVICES[service])]
    const errors = { errorAnswered: greatestError(shares, answered), errorMet: greatestError(shares, met) }
    return { scenario, service, forecast: shares, answered, met, ...errors }
  })
}

function asForecast({ kind, target, value }: Change): string[] {
  return [`--${kind}`, value === undefined ? target : `${target}=${value}`]
}

const WHY = ['--reason', 'a scenario of the lab']

async function apply(stage: Stage, { kind, target, value }: Change): Promise<void> {
  if (kind === 'fail') await stage.killHaproxy(target)
  else await stage.watch.operate(kind, target, ...(value === undefined ? [] : [String(value)]), ...WHY)
}

async function undo(stage: Stage, { kind, target }: Change): Promise<void> {
  if (kind === 'fail') stage.startHaproxy(target)
  else await stage.watch.operate('undo', target, ...WHY)
}

function answeredBetween(before: Status, after: Status, service: Service): Shares {
  const counted = ({ services }: Status, region: string) =>
    services.find(({ name }) => name === service)?.shares.find((one) => one.region === region)?.answered ?? 0
  return sharesOf(({ name }) => counted(after, name) - counted(before, name))
}

function metBy(samples: readonly Sample[], asked: string): Shares {
  const own = samples.filter(({ name, lost }) => name === asked && lost === undefined)
  return sharesOf(({ name }) => own.filter(({ met }) => met === name).length)
}

function sharesOf(countOf: (region: { readonly name: string }) => number): Shares {
  const counts = REGIONS.map((region) => [region.name, countOf(region)] as const)
  const all = counts.reduce((sum, [, count]) => sum + count, 0)
  return Object.fromEntries(counts.map(([name, count]) => [name, all === 0 ? 0 : count / all]))
}

function greatestError(forecast: Shares, seen: Shares): number {
  return Math.max(...REGIONS.map(({ name }) => Math.abs((forecast[name] ?? 0) - (seen[name] ?? 0))))
}

/** By service: the median and the worst. */
function sumUp(judged: readonly Judged[]): object {
  const sums = (Object.keys(SERVICES) as Service[]).map((service) => {
    const own = judged.filter((one) => one.service === service)
    const [answered, met] = [own.map((one) => one.errorAnswered), own.map((one) => one.errorMet)]
    const [a, b] = [answered, met].map((all) => ({ median: quantile(all, 0.5), worst: quantile(all, 1) }))
    console.log(
      `${service.padEnd(6)}differs from its forecast, median and worst: answered by the director ` +
        `${formatError(a!.median)}, ${formatError(a!.worst)}; met by clients ${formatError(b!.median)}, ${formatError(b!.worst)}`,
    )
    return [service, { answered: a, met: b }] as const
  })
  return { errors: Object.fromEntries(sums) }
}

function formatChange({ kind, target, value }: Change): string {
  return value === undefined ? `${kind} ${target}` : `${kind} ${target}=${value}`
}

function formatJudged({ scenario, service, forecast, answered, met, errorAnswered, errorMet }: Judged): string {
  const list = (shares: Shares) => REGIONS.map(({ name }) => percent(shares[name] ?? 0).padStart(5)).join(' ')
  return [
    `${scenario}: ${service}`.padEnd(52),
    `forecast ${list(forecast)}  answered ${list(answered)} (${formatError(errorAnswered)})`,
    `  met ${list(met)} (${formatError(errorMet)})`,
  ].join('')
}

function formatError(error: number): string {
  return `${(error * 100).toFixed(1)} %`
}
