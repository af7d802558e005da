// One bout: a director in a process of its own, an attacker in another, an honest client in this one, and what the director
// counted meanwhile.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { watchChild } from '../support/child.ts'
import { readMetrics, riseOf, type Samples } from '../support/metrics.ts'
import { sleep } from '../support/monotonic.ts'
import { createSite, type Site, type WrittenConfig } from '../support/site.ts'
import type { Done } from './attacker.ts'
import { askHonestly, type Delays } from './good-client.ts'
import type { Kind } from './kinds.ts'

const ATTACKER = join(import.meta.dirname, 'attacker.ts')

const COUNT_LIMIT_MS = 3000
const COUNT_LOOK_MS = 100

/** An answer of some 600 bytes, so that who does not read it soon owes much. */
const MANY = Array.from({ length: 3 }, (_, i) => `many IN TXT "${String(i).repeat(180)}"`).join('\n')

/** One UDP worker. Nobody on loopback is exempt from the rate limit here, as strangers are not. */
export function createRing(config: WrittenConfig): Promise<Site> {
  return createSite(
    { workers: 1, rateLimit: { exempt: [] }, ...config },
    { 'example.com': `www IN A 192.0.2.1\n${MANY}` },
  )
}

export interface Bout {
  readonly delays: Delays
  readonly done: Done
  readonly ms: number
  /** By how much the kind's metric rose. */
  readonly counted: number
  /** Datagrams, of anybody, that found the director's socket full: it had no processor for that long. */
  readonly receiveDrops: number
}

/** `undefined`: nobody attacks. `rate`: datagrams, or new connections, a second. */
export async function runBout(site: Site, kind: Kind | undefined, rate: number, ms: number): Promise<Bout> {
  const before = await readMetrics(site)
  const attacker = kind && (await startAttacker(site, kind, rate))
  const delays = await askHonestly(site, ms)
  if (kind) await untilCounted(site, kind, before)
  const done = (await attacker?.stop()) ?? { datagrams: 0, connections: 0 }
  const after = await readMetrics(site)
  const counted = kind ? riseOf(kind.counted, before, after) : 0
  return { delays, done, ms, counted, receiveDrops: riseOf('meridian_udp_receive_drops_total', before, after) }
}

/** What is met with by a timeout may be counted a moment later than the honest client is done, where processors are few. */
async function untilCounted(site: Site, { counted }: Kind, before: Samples): Promise<void> {
  for (let waited = 0; waited < COUNT_LIMIT_MS; waited += COUNT_LOOK_MS) {
    if (riseOf(counted, before, await readMetrics(site)) > 0) return
    await sleep(COUNT_LOOK_MS)
  }
}

/** Its load is under way when this resolves. */
async function startAttacker(site: Site, { name }: Kind, rate: number): Promise<{ stop: () => Promise<Done> }> {
  const child = fork(ATTACKER, [name, site.host, String(site.port), String(rate)], { execArgv: [] })
  const exited = watchChild(child)
  await once(child, 'message')
  // A crowd takes a moment to gather.
  await sleep(200)
  const stop = async (): Promise<Done> => {
    child.send('stop')
    const [done] = (await once(child, 'message')) as [Done]
    await exited
    return done
  }
  return { stop }
}

export interface Figures {
  readonly asked: number
  readonly lost: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly most: number
}

export function figuresOf(delays: readonly number[]): Figures {
  const sorted = delays.filter(Number.isFinite).sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
  return {
    asked: delays.length,
    lost: delays.length - sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    most: at(1),
  }
}
