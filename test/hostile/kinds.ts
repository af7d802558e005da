// The kinds of hostile load, and how each is made. All but `datagrams` are crowds: so many connections, each from an address
// of 127.8.0.0/13 that it may share with few others, opened again when it is closed.
import { counts, flood, framed, giants, headers, loops, noise, question, type MakePacket } from './packets.ts'

export type Load =
  { readonly datagrams: MakePacket } | { readonly crowd: number; readonly behave: Behaviour; readonly from: number }

/** What one hostile connection does; it is told when it is open, and `every` runs until it closes. */
export type Behaviour = (line: Line) => void

export interface Line {
  readonly write: (bytes: Uint8Array) => void
  /** Reads nothing any more. */
  readonly pause: () => void
  readonly reset: () => void
  readonly every: (ms: number, act: () => void) => void
  readonly onData: (act: (bytes: number) => void) => void
}

export interface Kind {
  readonly name: string
  /** For people. */
  readonly what: string
  readonly load: Load
  /** A sample of /metrics that counts how the director deals with it. */
  readonly counted: string
}

const ended = (reason: string) => `meridian_tcp_ended_connections_total{reason="${reason}"}`
const answered = (rcode: string) => `meridian_responses_total{rcode="${rcode}"}`
const dropped = (reason: string) => `meridian_dropped_packets_total{reason="${reason}"}`

/** Of one host; the director allows 50 by default. */
const CONNECTIONS_OF_A_HOST = 40

const HALF_A_MESSAGE = framed(question('www')).subarray(0, 20)
/** Some 20 KiB of queries, which is some 300 KiB of answers: more than the buffers between us hold. */
const MANY_QUERIES = Buffer.concat(Array.from({ length: 500 }, () => framed(question('many', 'TXT'))))
const PIPELINE = Buffer.concat(Array.from({ length: 500 }, () => framed(question('www'))))

export const KINDS: readonly Kind[] = [
  { name: 'noise', what: 'random bytes', load: { datagrams: noise }, counted: dropped('runt') },
  {
    name: 'headers',
    what: 'every opcode and flag, responses too',
    load: { datagrams: headers },
    counted: answered('NOTIMP'),
  },
  { name: 'loops', what: 'compression loops', load: { datagrams: loops }, counted: answered('FORMERR') },
  { name: 'counts', what: '65,535 records promised', load: { datagrams: counts }, counted: answered('FORMERR') },
  {
    name: 'flood',
    what: 'random names from one network',
    load: { datagrams: flood },
    counted: 'meridian_limited_responses_total',
  },
  { name: 'giants', what: 'datagrams of 5 to 55 kB', load: { datagrams: giants }, counted: dropped('oversize') },
  {
    name: 'idle',
    what: '3,000 connections that say nothing',
    load: { crowd: 3000, from: CONNECTIONS_OF_A_HOST, behave: () => undefined },
    counted: ended('crowded'),
  },
  {
    name: 'one host',
    what: '200 connections of one address',
    load: { crowd: 200, from: 200, behave: () => undefined },
    counted: 'meridian_tcp_refused_connections_total',
  },
  {
    name: 'trickle',
    what: '200 connections, a byte at a time',
    load: { crowd: 200, from: CONNECTIONS_OF_A_HOST, behave: trickle },
    counted: ended('trickle'),
  },
  {
    name: 'resets',
    what: 'half a message, then a reset',
    load: { crowd: 100, from: CONNECTIONS_OF_A_HOST, behave: resetMidway },
    counted: 'meridian_tcp_connections_total',
  },
  {
    name: 'prefixes',
    what: 'length prefixes of 65,535, then junk',
    load: { crowd: 100, from: CONNECTIONS_OF_A_HOST, behave: promiseTooMuch },
    counted: ended('oversize'),
  },
  {
    name: 'unread',
    what: '100 connections that ask and never read',
    load: { crowd: 100, from: CONNECTIONS_OF_A_HOST, behave: askAndNotRead },
    counted: ended('unread'),
  },
  {
    name: 'pipelines',
    what: '40 connections that ask as fast as they can',
    load: { crowd: 40, from: CONNECTIONS_OF_A_HOST, behave: askOnAndOn },
    counted: 'meridian_queries_total{transport="tcp"}',
  },
]

function trickle({ write, every }: Line): void {
  const bytes = framed(question('www').slice(0, -1))
  let at = 0
  every(50, () => write(bytes.subarray(at, ++at)))
}

function resetMidway({ write, reset }: Line): void {
  write(HALF_A_MESSAGE)
  reset()
}

function promiseTooMuch({ write, every }: Line): void {
  write(Uint8Array.of(0xff, 0xff))
  every(10, () => write(HALF_A_MESSAGE))
}

function askAndNotRead({ write, pause, every }: Line): void {
  pause()
  write(MANY_QUERIES)
  every(100, () => write(MANY_QUERIES))
}

/** The next batch when the answers to the last have begun to come. */
function askOnAndOn({ write, onData }: Line): void {
  write(PIPELINE)
  let owed = 0
  onData((bytes) => {
    owed += bytes
    if (owed < PIPELINE.length) return
    owed = 0
    write(PIPELINE)
  })
}
