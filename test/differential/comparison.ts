// Ours beside the three references, facet by facet. A disagreement is a facet in which ours differs from what two of them
// say, or from all three when each says something else. What a truncated answer holds is nobody's business: its askers
// must ignore it and come again by TCP (RFC 2181 §9).
import type { ReferenceName } from './references.ts'
import { readAnswer, sortKey, type Answer, type AnswerRecord } from './answer.ts'
import { questionOf, type Probe } from './probe.ts'
import type { Reply } from './asking.ts'

export const FACETS = ['rcode', 'flags', 'question', 'answer', 'authority', 'additional', 'edns', 'form'] as const
export type Facet = (typeof FACETS)[number]

/** What each facet says, as text that compares and prints. */
export type View = Readonly<Record<Facet, string>>

export interface Compared {
  readonly probe: Probe
  readonly ours: View
  readonly theirs: Readonly<Record<ReferenceName, View>>
  /** Where ours stands alone; empty when it agrees. */
  readonly disagreements: readonly Facet[]
}

const FLAG_TC = 0x0200
const MAX_STREAM = 65535
const MAX_DATAGRAM = 1232
const COOKIE = 10
const EXTENDED_ERROR = 15
/** Hex digits of a client cookie with the version and the reserved bytes of a server cookie behind it (RFC 9018 §4). */
const COOKIE_HEAD = 24
const SILENCE: View = {
  ...{ rcode: 'silence', flags: '', question: '', answer: '', authority: '', additional: '', edns: '', form: '' },
}

export function compare(probe: Probe, ours: Reply, theirs: Readonly<Record<ReferenceName, Reply>>): Compared {
  const view = viewOf(probe, ours)
  const views = mapValues(theirs, (reply) => viewOf(probe, reply))
  const disagreements = FACETS.filter((facet) => differs(facet, view, Object.values(views)))
  return { probe, ours: view, theirs: views, disagreements }
}

/** Whether somebody said nothing. */
export function hasSilence({ ours, theirs }: Compared): boolean {
  return [ours, ...Object.values(theirs)].some(({ rcode }) => rcode === SILENCE.rcode)
}

function differs(facet: Facet, ours: View, theirs: readonly View[]): boolean {
  // Ours is well formed, whatever theirs are.
  if (facet === 'form') return ours.form !== ''
  const said = theirs.map((view) => view[facet])
  const agreed = said.find((value, i) => said.indexOf(value) !== i)
  return agreed === undefined ? !said.includes(ours[facet]) : ours[facet] !== agreed
}

function viewOf(probe: Probe, reply: Reply): View {
  if (!reply) return SILENCE
  try {
    return describe(probe, readAnswer(reply))
  } catch (error) {
    return { ...SILENCE, rcode: 'malformed', form: (error as Error).message }
  }
}

function describe(probe: Probe, message: Answer): View {
  const isTruncated = (message.flags & FLAG_TC) !== 0
  const print = (records: readonly AnswerRecord[]): string => (isTruncated ? '' : records.map(sortKey).join('\n'))
  return {
    rcode: String(message.rcode),
    flags: message.flags.toString(16),
    question: describeQuestion(probe, message),
    answer: print(message.answer),
    authority: print(message.authority),
    additional: print(message.additional),
    edns: describeEdns(message),
    form: [...message.flaws, ...tooLong(probe, message)].join('; '),
  }
}

function describeQuestion(probe: Probe, { question }: Answer): string {
  if (question === '') return 'none'
  return question === Buffer.from(questionOf(probe)).toString('hex') ? 'as asked' : question
}

/** Extended errors are left out: whoever has something to say may say it (RFC 8914 §2). */
function describeEdns({ edns }: Answer): string {
  if (!edns) return 'none'
  const options = edns.options.filter(({ code }) => code !== EXTENDED_ERROR).map(describeOption)
  return [`version ${edns.version}`, `size ${edns.size}`, `flags ${edns.flags.toString(16)}`, ...options].join(', ')
}

/** Of a server cookie, its timestamp and its hash are another each second. */
function describeOption({ code, data }: { readonly code: number; readonly data: string }): string {
  return code === COOKIE ? `cookie ${data.slice(0, COOKIE_HEAD)} of ${data.length / 2} bytes` : `${code}=${data}`
}

/** No datagram is longer than the asker takes (RFC 1035 §4.2.1, RFC 6891 §6.2.3), or than everybody is told to send. */
function tooLong({ stream, edns }: Probe, { length }: Answer): string[] {
  const limit = stream ? MAX_STREAM : Math.min(MAX_DATAGRAM, Math.max(512, edns?.size ?? 0))
  return length > limit ? [`${length} bytes for an asker who takes ${limit}`] : []
}

function mapValues<Key extends string, From, To>(from: Readonly<Record<Key, From>>, map: (value: From) => To) {
  return Object.fromEntries(Object.entries<From>(from).map(([key, value]) => [key, map(value)])) as Record<Key, To>
}
