// Directors that follow one another on the same sockets, under an open loop of queries: how many of these come back
// unanswered, and how long the slowest took. For the tests of a restart and a hand-over, and their long versions.
import { Poller } from './dns-client.ts'
import type { Site } from './site.ts'

export interface Passage {
  readonly sent: number
  readonly lost: number
  /** The longest way from a query to its answer, ms. */
  readonly slowestMs: number
}

/** Asks `perSecond` times while `happens` runs, and shortly before and after. */
export async function askThrough(
  site: Site,
  name: string,
  perSecond: number,
  happens: () => Promise<void>,
): Promise<Passage> {
  const poller = await Poller.start(site, [name], 1000 / perSecond)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await happens()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const samples = await poller.stop(3000)
  const delays = samples.map(({ sentAt, receivedAt }) => (receivedAt ?? Infinity) - sentAt)
  const answered = delays.filter(Number.isFinite)
  return {
    sent: samples.length,
    lost: delays.length - answered.length,
    slowestMs: answered.reduce((most, ms) => Math.max(most, ms), 0),
  }
}
