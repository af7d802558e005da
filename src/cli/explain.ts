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

/** Lines with a line break at the end of each. */
export function formatExplanation(explanation: ShownExplanation, paint: Paint): string {
  const { name, type, service, steps, regions } = explanation
  const sections = [
    [
      `${paint('bold', `${printable(name)} ${printable(type)}`)} is answered by service ${service}`,
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
  const rows = region.balancers.map(({ address, state, reason, share, realised }) => [
    address,
    `${percent(share)} wanted`,
    `${percent(realised)} by slots`,
    paint('dim', printable(reason === state ? state : `${state}: ${reason}`)),
  ])
  const balancers = rows.length > 0 ? formatTable(rows, '  ') : ['  no balancer of this type: NODATA']
  const path = [...(region.via ?? []), region.region].join(' › ')
  return [`${paint('bold', path)} ${state}, ${share}`, ...balancers]
}

function describeAnswers({ answers, slots, ttl, ttlCause, pinned }: ShownExplanation, paint: Paint): string[] {
  const heading = `${paint('bold', 'answers')} from ${slots} ${slots === 1 ? 'slot' : 'slots'}, TTL ${ttl} s${ttlCause === undefined ? '' : ` (${printable(ttlCause)})`}`
  const rows = answers.map(({ addresses, share }) => [percent(share), describeAddresses(addresses)])
  const own = pinned && `  ${pinned.prefix} is pinned to slot ${pinned.slot}: ${describeAddresses(pinned.answer)}`
  return [heading, ...formatTable(rows, '  '), ...(own === undefined ? [] : [own])]
}

function describeAddresses(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'NODATA' : addresses.join(' ')
}

function percent(fraction: number): string {
  return `${number(fraction * 100)} %`
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}
