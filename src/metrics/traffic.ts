// Metrics of the traffic: what the workers count in their shared blocks (counters.ts), summed over them.
import type { Registry } from 'prom-client'
import { counter, DROPS, LATENCY_BOUNDS_MS, TCP_ENDS, type Counters } from './counters.ts'
import { gauge, histogram, total } from './metric.ts'

/** `blocks`: that of each worker slot. */
export function registerTraffic(registry: Registry, blocks: Blocks): void {
  registerQueries(registry, blocks)
  registerSockets(registry, blocks)
  registerLatency(registry, blocks)
}

/** RFC 6895 §2.3, by value. */
const RCODES = 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE'.split(' ')

/** The names of COUNTED_TYPES, and of the counter behind them. */
const TYPES = ['A', 'AAAA', 'HTTPS', 'TXT', 'MX', 'other']

type Blocks = () => readonly Counters[]

function registerQueries(registry: Registry, blocks: Blocks): void {
  const by = (name: string, help: string, label: string, first: number, values: readonly string[]): void =>
    total(registry, name, help, [label], (set) => values.forEach((value, i) => set([value], sum(blocks, first + i))))
  total(registry, 'meridian_queries_total', 'Queries received', ['transport'], (set) => {
    set(['udp'], sum(blocks, counter.udpQueries))
    set(['tcp'], sum(blocks, counter.tcpQueries))
  })
  total(registry, 'meridian_sent_answers_total', 'Answers sent', ['transport'], (set) => {
    set(['udp'], sum(blocks, counter.udpAnswers))
    set(['tcp'], sum(blocks, counter.tcpAnswers))
  })
  const rcodes = Array.from({ length: 16 }, (_, rcode) => RCODES[rcode] ?? `RCODE${rcode}`)
  by('meridian_responses_total', 'Answers by the low four bits of their RCODE', 'rcode', counter.rcode, rcodes)
  by('meridian_query_types_total', 'Queries by the type asked for', 'type', counter.type, TYPES)
}

function registerSockets(registry: Registry, blocks: Blocks): void {
  const one = (name: string, help: string, index: number): void =>
    total(registry, name, help, [], (set) => set([], sum(blocks, index)))
  const by = (name: string, help: string, first: number, reasons: readonly string[]): void =>
    total(registry, name, help, ['reason'], (set) =>
      reasons.forEach((reason, i) => set([reason], sum(blocks, first + i))),
    )
  by('meridian_dropped_packets_total', 'Packets that got no answer', counter.dropped, DROPS)
  one('meridian_truncated_responses_total', 'Answers with TC set', counter.truncated)
  one('meridian_limited_responses_total', 'UDP answers that the rate limit dropped or truncated', counter.limited)
  one('meridian_rate_limit_shared_total', 'Answers counted for several client prefixes at once', counter.sharedBuckets)
  one('meridian_cut_chains_total', 'Answers that end in the midst of a chain of CNAMEs', counter.cutChains)
  one('meridian_subnet_queries_total', 'Queries that carried a client subnet', counter.subnets)
  one('meridian_client_subnet_queries_total', 'Queries whose client subnet steered the answer', counter.clientSubnet)
  one('meridian_steered_responses_total', 'Answers that an LB name gave', counter.steered)
  one('meridian_internal_errors_total', 'Exceptions on the query path, answered SERVFAIL', counter.internalErrors)
  one('meridian_send_errors_total', 'Answers that the socket refused', counter.sendErrors)
  one('meridian_tcp_connections_total', 'TCP connections accepted', counter.tcpConnections)
  one('meridian_tcp_refused_connections_total', 'TCP connections refused: one client had enough', counter.tcpRefused)
  by('meridian_tcp_ended_connections_total', 'TCP connections that we ended', counter.tcpEnded, TCP_ENDS)
  one('meridian_tcp_paused_total', 'Times that a TCP connection waited for its peer to read', counter.tcpPaused)
  gauge(registry, 'meridian_tcp_open_connections', 'TCP connections open', [], (set) =>
    set([], sum(blocks, counter.tcpOpen)),
  )
}

function registerLatency(registry: Registry, blocks: Blocks): void {
  const bounds = LATENCY_BOUNDS_MS.map((ms) => ms / 1000)
  const help = 'Of sampled queries, from their receive to the sending of their answer'
  histogram(registry, 'meridian_query_duration_seconds', help, bounds, () => ({
    counts: Array.from({ length: bounds.length + 1 }, (_, i) => sum(blocks, counter.latency + i)),
    sum: sum(blocks, counter.latencySum) / 1000,
  }))
}

function sum(blocks: Blocks, index: number): number {
  return blocks().reduce((total, block) => total + block[index]!, 0)
}
