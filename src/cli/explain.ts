// The text of an explanation, for a terminal: from the JSON of /v1/explain to lines. Nothing is computed here: what the
// director did not say is not shown.
import { printable, type Paint } from './paint.ts'
import { formatTable } from './table.ts'

/** An explanation as /v1/explain gives it, with what is shown of it (director/explain.ts says what it means). */
export interface ShownExplanation {
  readonly name: string
  readonly type: string
  readonly moment?: {
    readonly at: string
    readonly since: string
    readonly until?: string
    readonly snapshot: number
    readonly replaced?: string
  }
  readonly service: string
  readonly carries: 'addresses' | 'cname' | 'hints'
  readonly ttl: number
  readonly ttlCause?: string
  readonly scope?: number
  readonly client?: { readonly address: string; readonly class?: number; readonly why: string }
  readonly steps: readonly {
    /** A service in a region's place, whose step it was. */
    readonly service?: string
    readonly phase: string
    readonly step: string
    readonly saw: readonly { readonly region: string }[]
    readonly left: readonly {
      readonly region: string
      readonly tier: number
      readonly share: number
      readonly availability: number
      readonly note: string
    }[]
  }[]
  readonly fallback: {
    readonly rule: string
    readonly panic: number
    readonly healthy: number
    readonly engaged: boolean
  }
  readonly regions: readonly {
    readonly region: string
    readonly via?: readonly string[]
    readonly isUp: boolean
    readonly share: number
    readonly note: string
    readonly balancers: readonly {
      readonly address: string
      /** The host name that resolves to it. */
      readonly host?: string
      readonly state: string
      readonly reason: string
      readonly share: number
      readonly realised: number
    }[]
  }[]
  readonly slots: number
  readonly answers: readonly { readonly addresses: readonly string[]; readonly share: number }[]
  readonly pinned?: { readonly prefix: string; readonly slot: number; readonly answer: readonly string[] }
}

const CARRIED = {
  addresses: 'is answered by',
  cname: 'is answered with a CNAME by',
  hints: 'has its hints from',
} as const

/** Lines with a line break at the end of each. */
export function formatExplanation(explanation: ShownExplanation, paint: Paint): string {
  const { name, type, service, steps, regions } = explanation
  const sections = [
    [
      `${paint('bold', `${printable(name)} ${printable(type)}`)} ${CARRIED[explanation.carries]} service ${service}`,
      ...describeMoment(explanation, paint),
      describeClient(explanation),
      describeFallback(explanation, paint),
    ],
    ...steps.map((step) => describeStep(step, paint)),
    ...regions.map((region) => describeRegion(region, paint)),
    describeAnswers(explanation, paint),
  ]
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function describeMoment({ moment }: ShownExplanation, paint: Paint): string[] {
  if (!moment) return []
  const { at, since, until, snapshot, replaced } = moment
  const span = until === undefined ? `since ${since}, and still` : `from ${since} to ${until}`
  const then = `at ${at}: snapshot ${snapshot} answered ${span}`
  const other = `the configuration of then was replaced at ${replaced}`
  return replaced === undefined ? [then] : [then, paint('yellow', other)]
}

function describeClient({ client, scope }: ShownExplanation): string {
  const reach = scope === undefined ? '' : `, ECS scope /${scope}`
  if (!client) return `client: none given, so planned for one of whom nothing is known${reach}`
  const classText = client.class === undefined ? 'steering ignores where it is' : `class ${client.class}`
  return `client: ${client.address}, ${classText} (${printable(client.why)})${reach}`
}

function describeFallback({ fallback: { rule, panic, healthy, engaged } }: ShownExplanation, paint: Paint): string {
  if (engaged) return paint('red', `fallback "${rule}" applies: ${percent(healthy)} of the weight is healthy`)
  const limit = panic > 0 ? `less than ${percent(panic)} of the weight` : 'nothing'
  return `fallback "${rule}" would apply if ${limit} were healthy; ${percent(healthy)} is`
}

function describeStep({ service, phase, step, saw, left }: ShownExplanation['steps'][number], paint: Paint): string[] {
  const rows = left.map(({ region, tier, share, availability, note }) => [
    region,
    `tier ${tier}`,
    `share ${number(share)}`,
    `available ${percent(availability)}`,
    paint('dim', printable(note)),
  ])
  const owner = service === undefined ? '' : `${service}: `
  const out = saw.filter(({ region }) => !left.some((kept) => kept.region === region)).map(({ region }) => region)
  const dropped = out.length === 0 ? [] : [`  left out: ${out.join(', ')}`]
  return [`${paint('bold', `${owner}${step}`)} ${paint('dim', `(${phase})`)}`, ...formatTable(rows, '  '), ...dropped]
}

function describeRegion(region: ShownExplanation['regions'][number], paint: Paint): string[] {
  const state = region.isUp ? paint('green', 'up') : paint('red', 'down')
  const share = `${percent(region.share)} of the answers: ${printable(region.note)}`
  const rows = region.balancers.map(({ address, host, state, reason, share, realised }) => [
    host === undefined ? address : `${address} (${printable(host)})`,
    `${percent(share)} wanted`,
    `${percent(realised)} by slots`,
    paint('dim', printable(reason === state ? state : `${state}: ${reason}`)),
  ])
  const balancers = rows.length > 0 ? formatTable(rows, '  ') : ['  no balancer of this type: NODATA']
  const path = [...(region.via ?? []), region.region].join(' › ')
  return [`${paint('bold', path)} ${state}, ${share}`, ...balancers]
}

function describeAnswers({ answers, carries, slots, ttl, ttlCause, pinned }: ShownExplanation, paint: Paint): string[] {
  // The TTL of a record in the zone counts too, where hints are filled into it.
  const [what, most] = carries === 'hints' ? ['hints', 'at most '] : ['answers', '']
  const cause = ttlCause === undefined ? '' : ` (${printable(ttlCause)})`
  const heading = `${paint('bold', what)} from ${slots} ${slots === 1 ? 'slot' : 'slots'}, TTL ${most}${ttl} s${cause}`
  const none = carries === 'hints' ? 'none' : 'NODATA'
  const rows = answers.map(({ addresses, share }) => [percent(share), addresses.join(' ') || none])
  const own = pinned && `  ${pinned.prefix} is pinned to slot ${pinned.slot}: ${pinned.answer.join(' ') || none}`
  return [heading, ...formatTable(rows, '  '), ...(own === undefined ? [] : [own])]
}

function percent(fraction: number): string {
  return `${number(fraction * 100)} %`
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
