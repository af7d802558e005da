// Plays a scenario on its stage. The first line that does not hold ends it, with what was seen in its place.
import { parseDuration } from '../../src/base/moment.ts'
import { parsePrefix } from '../../src/base/prefix.ts'
import { formatAddress } from '../../src/base/address.ts'
import type { ExplainedType } from '../../src/director/explain.ts'
import type { DecodedMessage } from '../support/message.ts'
import { dedent, type Scenario, type Statement } from './script.ts'
import { Stage } from './stage.ts'

interface Act {
  readonly stage: Stage
  /** Answers of the clients of a prefix, by the line that asked: to see who moved. */
  readonly before: Map<string, readonly string[]>
}

export function play(scenario: Scenario): void {
  const act = { stage: new Stage(scenario), before: new Map<string, readonly string[]>() }
  for (const statement of scenario.statements) {
    try {
      perform(act, statement)
    } catch (error) {
      throw new Error(`line ${statement.number}: ${statement.text}\n${(error as Error).message}`, { cause: error })
    }
  }
}

function perform(act: Act, statement: Statement): void {
  const { stage } = act
  const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(statement.text) ?? []
  if (statement.text.includes('->')) {
    if (word === 'resolve') resolve(act, rest)
    else if (word === 'clients') askAll(act, rest)
    else ask(act, statement.text)
    return
  }
  switch (word) {
    case 'down':
    case 'up': {
      stage.force(
        namesIn(rest).flatMap((name) => stage.idsOf(name)),
        word,
      )
      return
    }
    case 'failing':
    case 'well': {
      stage.turn(
        namesIn(rest).flatMap((name) => stage.idsOf(name)),
        word === 'well',
      )
      return
    }
    case 'wait': {
      stage.wait(parseDuration(rest)!)
      return
    }
    case 'load': {
      rest.split(',').forEach((report) => readLoad(act, report))
      return
    }
    case 'reload:': {
      stage.configure(dedent(statement.below))
      return
    }
    case 'explain': {
      explain(act, rest, statement)
      return
    }
    default:
      throw new Error(`"${word}" is no word of scenarios`)
  }
}

function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

function readLoad({ stage }: Act, report: string): void {
  const [, region, connections, ms] = /^\s*(\S+) (\d+)(?: connections)?(?: (\d+) ms)?\s*$/.exec(report) ?? []
  if (region === undefined) throw new Error(`"${report}" is not REGION CONNECTIONS [MS ms]`)
  stage.report(region, { connections: Number(connections), ...(ms !== undefined && { responseTimeMs: Number(ms) }) })
}

function ask({ stage }: Act, text: string): void {
  const match = /^(?:(\d+) x )?(\S+) (A|AAAA|HTTPS|SVCB|CNAME|TXT)(?: from (\S+))? -> ([^()]+?)(?: \((.*)\))?$/.exec(
    text,
  )
  if (!match) throw new Error('not [COUNT x] NAME TYPE [from ADDRESS] -> ANSWERS')
  const [, times = '1', name = '', type = '', client, answers = '', more = ''] = match
  const messages = Array.from({ length: Number(times) }, () => stage.ask(name, type, client))
  const given = messages.map((message) => (message.rcode === 'NOERROR' ? nameAnswer(stage, message) : message.rcode))
  checkAnswers(given, answers)
  for (const part of more
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)) {
    if (part === 'stale' || part === 'fresh') {
      if (messages.some((message) => isStale(message) !== (part === 'stale'))) throw new Error(`not all are ${part}`)
      continue
    }
    const [, what, value] = /^(ttl|scope) \/?(\d+)$/.exec(part) ?? []
    const [first] = messages
    const seen = what === 'ttl' ? (first!.answer[0] ?? first!.authority[0])?.ttl : first!.edns?.clientSubnet?.scope
    if (what === undefined) throw new Error(`"${part}" is not ttl SECONDS, scope /BITS, stale or fresh`)
    if (seen !== Number(value)) throw new Error(`the ${what} is ${seen}`)
  }
}

/** Whether it says so (RFC 8914 §4.4). */
function isStale({ edns }: DecodedMessage): boolean {
  return edns!.options.some(({ code, data }) => code === EXTENDED_ERROR && data[1] === STALE_ANSWER)
}

const EXTENDED_ERROR = 15
const STALE_ANSWER = 3

function nameAnswer(stage: Stage, { answer }: DecodedMessage): string {
  const names = answer.flatMap(({ type, text }) =>
    type === 'HTTPS' || type === 'SVCB'
      ? [...new Set(hintsIn(text).map((each) => stage.regionOf(each)))]
      : stage.nameOf(text),
  )
  return names.sort().join(' + ') || (answer.length > 0 ? 'no hints' : 'NODATA')
}

function hintsIn(record: string): string[] {
  return [...record.matchAll(/ipv[46]hint="([^"]*)"/g)].flatMap(([, list]) => list!.split(','))
}

function resolve({ stage }: Act, text: string): void {
  const [, host = '', found = '', ttl = '60', stale] = /^(\S+) -> (.+?)(?: ttl (\d+))?( stale)?$/.exec(text) ?? []
  if (host === '') throw new Error('not resolve HOST -> ADDRESSES [ttl SECONDS] [stale]')
  const about = { ttl: Number(ttl), isStale: stale !== undefined }
  stage.resolve(host, found === 'fails' ? undefined : namesIn(found), about)
}

function checkAnswers(given: readonly string[], expected: string): void {
  const seen = tally(given)
  const complain = () =>
    new Error(
      `answers were ${Object.entries(seen)
        .map(([name, count]) => `${count} x ${name}`)
        .join(', ')}`,
    )
  if (expected.includes(' or ')) {
    const [only, other] = Object.keys(seen)
    if (other !== undefined || !expected.split(' or ').map(sortNames).includes(only!)) throw complain()
    return
  }
  const parts = expected.split(',').map((part) => /^\s*(?:(\d+) x )?(.+?)\s*$/.exec(part)!)
  const wanted = Object.fromEntries(parts.map(([, count, names]) => [sortNames(names!), Number(count ?? given.length)]))
  const isSame = Object.keys({ ...wanted, ...seen }).every((name) => wanted[name] === seen[name])
  if (!isSame) throw complain()
}

function sortNames(names: string): string {
  return names
    .split('+')
    .map((name) => name.trim())
    .sort()
    .join(' + ')
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function askAll({ stage, before }: Act, text: string): void {
  const match = /^(\S+) ask (\S+) (A|AAAA|HTTPS|CNAME) -> (.+)$/.exec(text)
  if (!match) throw new Error('not clients PREFIX ask NAME TYPE -> SHARES')
  const [, prefix = '', name = '', type = '', expected = ''] = match
  const given = clientsOf(prefix).map((client) => nameAnswer(stage, stage.ask(name, type, client)))
  const key = `${prefix} ${name} ${type}`
  const earlier = before.get(key)
  before.set(key, given)
  for (const part of expected.split(',').map((each) => each.trim())) checkPart(part, given, earlier)
}

function checkPart(part: string, given: readonly string[], earlier: readonly string[] | undefined): void {
  const [, only] = /^moved only from (.+)$/.exec(part) ?? []
  const moved = earlier ? given.flatMap((answer, i) => (answer === earlier[i] ? [] : [earlier[i]!])) : []
  if (only !== undefined) {
    const others = moved.filter((from) => from !== only)
    if (others.length > 0) throw new Error(`${others.length} of ${given.length} moved from elsewhere`)
    return
  }
  const [, low = '', high = low, name] = /^(?:moved )?([\d.]+)(?:-([\d.]+))? %(?: (.+))?$/.exec(part) ?? []
  if (low === '') throw new Error(`"${part}" is no share`)
  const count = name === undefined ? moved.length : given.filter((answer) => answer === name).length
  const percent = (count / given.length) * 100
  if (percent < Number(low) || percent > Number(high)) throw new Error(`${part}: it is ${percent.toFixed(2)} %`)
}

/** An address in each /24 of an IPv4 prefix, or in each of the first 256 /48 of an IPv6 one. */
function clientsOf(text: string): string[] {
  const prefix = parsePrefix(text)
  if (!prefix) throw new Error(`${text} is no prefix`)
  const { family, bytes } = prefix.address
  const count = family === 4 ? 2 ** (24 - prefix.length) : 256
  return Array.from({ length: count }, (_, i) => {
    const own = Uint8Array.from(bytes)
    const at = family === 4 ? 2 : 5
    own[at]! |= i & 0xff
    own[at - 1]! |= (i >> 8) & 0xff
    own[own.length - 1] = 9
    return formatAddress({ family, bytes: own })
  })
}

function explain({ stage }: Act, text: string, { below }: Statement): void {
  const [, name = '', type, client, ago] =
    /^(\S+) (A|AAAA|HTTPS|CNAME)(?: from ([^\s,]+))?(?:, (\S+) ago)?$/.exec(text) ?? []
  const squeeze = (line: string) => line.trim().replace(/\s+/g, ' ')
  const told = stage.explain(name, type as ExplainedType, client, ago === undefined ? undefined : parseDuration(ago))
  let lines = told.split('\n').map(squeeze)
  for (const line of below) {
    const at = lines.findIndex((each) => each.includes(squeeze(line.text)))
    if (at < 0) throw new Error(`the explanation lacks (or has elsewhere) "${squeeze(line.text)}"\n\n${told}`)
    lines = lines.slice(at + 1)
  }
}
