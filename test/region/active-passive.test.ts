// The active node of a region fails in every way that it can; the standby takes the address, and nobody keeps it who
// should not. Real keepalived and HAProxy in network namespaces; advertisements come each 200 ms in the place of 1 s.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ADVERT_MS, AddressPair, pairIsMissing } from '../support/address-pair.ts'
import { monotonicMs, sleep, until } from '../support/monotonic.ts'

/** For a process to be scheduled, an address to be set, and ARP to be heard, on a busy machine. */
const SLACK_MS = 400
/** RFC 5798 §6.1: three advertisements and the skew, which is below one. */
const SILENCE_MS = 4 * ADVERT_MS + SLACK_MS
/** Two checks of 1 s, and 1 s if HAProxy hangs. */
const CHECK_MS = 2000 + SLACK_MS
const HANG_MS = 1000

describe.skipIf(pairIsMissing)('active and passive', { timeout: 20_000 }, () => {
  let pair: AddressPair
  let active: string
  let standby: string
  beforeAll(async () => {
    pair = await AddressPair.start()
  })
  afterAll(() => pair.stop())
  beforeEach(async () => {
    ;({ active, standby } = await pair.settled())
  })

  it('HAProxy is killed: the address moves, and is never on both for longer than an advertisement', async () => {
    const at = monotonicMs()
    await pair.killHaproxy(active)
    expect(await answeredBy(standby, at)).toBeLessThan(CHECK_MS + SILENCE_MS)
    expect(overlapMs(at)).toBeLessThan(ADVERT_MS)
    pair.startHaproxy(active)
    await sleep(1000)
    expect(pair.holders, 'it does not move back').toEqual([standby])
  })

  it('HAProxy is frozen: the same, once the check has waited', async () => {
    await sleep(1500)
    const at = monotonicMs()
    pair.signal('haproxy', active, 'SIGSTOP')
    expect(await answeredBy(standby, at)).toBeLessThan(CHECK_MS + HANG_MS + SILENCE_MS)
    expect(overlapMs(at)).toBeLessThan(ADVERT_MS)
    pair.signal('haproxy', active, 'SIGCONT')
  })

  it('keepalived is killed: three advertisements are missed, and the dead node lets the address go', async () => {
    await sleep(2500)
    const at = monotonicMs()
    await pair.killKeepalived(active)
    expect(await answeredBy(standby, at)).toBeLessThan(SILENCE_MS)
    expect(overlapMs(at)).toBeLessThan(ADVERT_MS)
    pair.startKeepalived(active)
    await sleep(1000)
    expect(pair.holders, 'it does not move back').toEqual([standby])
  })

  it('keepalived is frozen: users move, and both hold the address until an advertisement after it wakes', async () => {
    await sleep(1500)
    const at = monotonicMs()
    pair.signal('keepalived', active, 'SIGSTOP')
    expect(await answeredBy(standby, at)).toBeLessThan(SILENCE_MS)
    await sleep(1000)
    const awake = monotonicMs()
    pair.signal('keepalived', active, 'SIGCONT')
    expect(await splitEnds(awake)).toBeLessThan(ADVERT_MS + SLACK_MS)
  })

  it('the active node is cut off: users move, and the split ends with the first advertisement that is heard', async () => {
    const at = monotonicMs()
    pair.cutOff(active, true)
    expect(await answeredBy(standby, at)).toBeLessThan(SILENCE_MS)
    const healed = monotonicMs()
    pair.cutOff(active, false)
    expect(await splitEnds(healed)).toBeLessThan(ADVERT_MS + SLACK_MS)
    await pair.settled()
  })

  /** From the fault until the node answers; gives ms. */
  async function answeredBy(node: string, since: number): Promise<number> {
    const sight = await until(
      `${node} to answer`,
      () => pair.sights.find((sight) => sight.at > since && sight.node === node),
      8000,
    )
    return sight.at - since
  }

  /** How long both held the address, since then. */
  function overlapMs(since: number): number {
    const now = monotonicMs()
    const held = pair.tenures.filter(({ to = now }) => to > since)
    const [a, b] = ['a', 'b'].map((node) => held.filter((tenure) => tenure.node === node))
    const overlaps = a!.flatMap(({ from, to = now }) =>
      b!.map((other) => Math.min(to, other.to ?? now) - Math.max(from, other.from)),
    )
    return Math.max(0, ...overlaps)
  }

  /** From then until one node alone holds the address; gives ms. */
  async function splitEnds(since: number): Promise<number> {
    expect(pair.holders.length, 'both hold it').toBe(2)
    await until('the split to end', () => pair.holders.length === 1)
    return monotonicMs() - since
  }
})
