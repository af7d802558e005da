// Scenario files: what a director should do, as an operator would tell it. A file holds several scenarios; what stands
// before the first `===` is shared by all. Everything from # on is a comment.
//
//   === A canary takes one answer in ten
//   config:                                    lines of meridian.yaml; several blocks add up (listen and zones are given)
//     services:
//       web: { regions: [us, eu], steer: [{ weighted: { us: 9, eu: 1 } }] }
//   clients:                                   in the place of geo data: PREFIX [LATITUDE,LONGITUDE] [COUNTRY] [AS64500]
//     203.0.113.0/24  50.1,8.7  DE
//   round trips:                               PREFIX, then REGION MS for each region that measured
//     203.0.113.0/24  us 95  eu 12
//   names:                                     of the zone example.com
//     www LB web
//   then:                                      what happens, line by line
//     10 x www A from 203.0.113.9 -> 9 x us, 1 x eu
//
// Lines of `then`:
//   [COUNT x] NAME TYPE [from ADDRESS] -> ANSWERS [(ttl SECONDS, scope /BITS, stale)]
//     a query, with the address as client subnet. ANSWERS: `us` (always this region's address), `us + eu` (both in one
//     answer), `9 x us, 1 x eu` (so often among COUNT), `us or eu` (one of them, the same each time), NODATA. A region
//     with several addresses of a type is written us#1, us#2. After a comma: what else must hold. A region stands for its
//     host name in a CNAME too, and for the addresses in the hints of HTTPS. TYPE: A AAAA HTTPS SVCB CNAME TXT. `stale`:
//     each answer says that it stands in for one that cannot be had; `fresh`: none does.
//   clients PREFIX ask NAME TYPE -> 48-52 % us, 100 % eu [, moved only from us] [, moved 0-2 %]
//     each /24 of the prefix (IPv6: /48, 256 of them) asks once; `moved` compares with the same line before
//   down NAME… · up NAME…                      regions or balancers (us#1) change their state at once
//   failing NAME… · well NAME…                 what probes see from now on; states follow as time passes
//   load NAME CONNECTIONS [MS ms], …           regions report
//   resolve HOST -> ADDRESS… [ttl SECONDS] [stale]
//     a host name's addresses from now on; `stale`: asking anew fails; `fails` in their place: nothing is known of it
//   wait DURATION                              time passes, probes run
//   reload:                                    a new config, whole (but listen and zones), in the lines below
//   explain NAME TYPE [from ADDRESS][, DURATION ago]
//     the lines below stand in the explanation of now, or of then, in this order

export interface Line {
  /** Counts from 1. */
  readonly number: number
  readonly text: string
}

/** One line of `then` with the deeper lines below it. */
export interface Statement extends Line {
  readonly below: readonly Line[]
}

export interface Scenario {
  readonly title: string
  readonly config: string
  readonly clients: readonly Line[]
  readonly roundTrips: readonly Line[]
  readonly names: readonly Line[]
  readonly statements: readonly Statement[]
}

const SECTIONS = ['config', 'clients', 'round trips', 'names', 'then']

/** Reads a whole file. Throws on what it does not understand: a scenario is a test. */
export function readScenarios(text: string): readonly Scenario[] {
  const lines = text
    .split('\n')
    .map((line, i): Line => ({ number: i + 1, text: line.replace(/(^|\s)#.*/, '').trimEnd() }))
  const parts: { title: string; lines: Line[] }[] = [{ title: '', lines: [] }]
  for (const line of lines) {
    const [, title] = /^=== (.+)/.exec(line.text) ?? []
    if (title !== undefined) parts.push({ title, lines: [] })
    else if (line.text !== '') parts.at(-1)!.lines.push(line)
  }
  const [shared, ...own] = parts
  return own.map(({ title, lines: body }) => readScenario(title, [...shared!.lines, ...body]))
}

function readScenario(title: string, lines: readonly Line[]): Scenario {
  const sections = new Map<string, Line[]>(SECTIONS.map((name) => [name, []]))
  let current: Line[] | undefined
  for (const line of lines) {
    if (line.text.startsWith(' ')) {
      if (!current) throw new Error(`line ${line.number}: this stands in no section`)
      current.push(line)
    } else {
      current = sections.get(line.text.replace(/:$/, ''))
      if (!current)
        throw new Error(`line ${line.number}: "${line.text}" is no section; known are ${SECTIONS.join(', ')}`)
    }
  }
  return {
    title,
    config: mergeBlocks(dedent(sections.get('config')!)),
    clients: sections.get('clients')!,
    roundTrips: sections.get('round trips')!,
    names: sections.get('names')!,
    statements: readStatements(sections.get('then')!),
  }
}

/** YAML in which each top-level key stands once: what several blocks say of regions adds up. */
function mergeBlocks(text: string): string {
  const blocks = new Map<string, string[]>()
  let current: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) current.push(line)
    else blocks.set(line, (current = blocks.get(line) ?? []))
  }
  return Array.from(blocks, ([key, lines]) => [key, ...lines].join('\n')).join('\n')
}

function readStatements(lines: readonly Line[]): readonly Statement[] {
  const statements: (Line & { below: Line[] })[] = []
  for (const line of lines) {
    if (indentOf(line) <= 2) statements.push({ ...line, text: line.text.trim(), below: [] })
    else statements.at(-1)!.below.push(line)
  }
  return statements
}

export function dedent(lines: readonly Line[]): string {
  const margin = Math.min(...lines.map(indentOf))
  return lines.map(({ text }) => text.slice(margin)).join('\n')
}

function indentOf({ text }: Line): number {
  return text.length - text.trimStart().length
}
