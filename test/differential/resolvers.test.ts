// unbound and BIND resolve every name of the test zones through us, over UDP and TCP, with and without ECS: what their
// clients get is what we say when asked directly.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DirectorProcess } from '../support/director-process.ts'
import { readMetrics, riseOf, type Samples } from '../support/metrics.ts'
import { createSite, type Site } from '../support/site.ts'
import { readAnswer, sortKey, type Answer } from './answer.ts'
import { askAll, type Reply } from './asking.ts'
import type { Probe } from './probe.ts'
import { formatProbe } from './printing.ts'
import { makePlainQuestions } from './questions.ts'
import { missingResolvers, startResolver, type ResolverSetup } from './resolving.ts'
import { writeZones } from './session.ts'
import { makeWorlds, type World } from './worlds.ts'

const SETUPS: readonly ResolverSetup[] = [
  { program: 'unbound', upstream: 'UDP', withClientSubnet: false },
  { program: 'unbound', upstream: 'TCP', withClientSubnet: false },
  { program: 'unbound', upstream: 'UDP', withClientSubnet: true },
  { program: 'unbound', upstream: 'TCP', withClientSubnet: true },
  { program: 'named', upstream: 'UDP', withClientSubnet: false },
  { program: 'named', upstream: 'TCP', withClientSubnet: false },
]

const TYPE_SOA = 6
const FLAG_AA = 0x0400

const missing = missingResolvers()
const howTo = `${missing.join(', ')} missing: apt-get install --no-install-recommends unbound bind9`

if (missing.length > 0 && process.env.CI === 'true') throw new Error(`needed in CI: ${howTo}`)
if (missing.length > 0) console.warn(`Resolvers are not tested. ${howTo}`)

describe.skipIf(missing.length > 0)('resolvers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'resolvers-'))
  const world: World = makeWorlds(1)[0]!
  let site: Site
  let director: DirectorProcess
  /** Questions that we answer to the end, and what we answer. */
  let expected: { readonly probe: Probe; readonly answer: string }[]

  beforeAll(async () => {
    site = await createSite({}, {})
    writeZones(site, world.zones)
    director = new DirectorProcess(site)
    await director.logged(/^serving on/, 15_000)
    const probes = makePlainQuestions(world.zones)
    const replies = await askAll(site, probes)
    expected = probes.flatMap((probe, i) => {
      const answer = readAnswer(replies[i]!)
      return isWhole(probe, answer) ? [{ probe, answer: describeAnswer(replies[i]) }] : []
    })
  })

  afterAll(async () => {
    await director.stop()
    site.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(SETUPS)('$program asks by $upstream, ECS: $withClientSubnet', { timeout: 60_000 }, async (setup) => {
    const origins = world.zones.map(({ origin }) => origin)
    const resolver = await startResolver(setup, site, origins, folder)
    const before = await readMetrics(site)
    const replies = await askAll(
      resolver.endpoint,
      expected.map(({ probe }) => probe),
    ).finally(resolver.stop)
    const got = expected.map(({ probe }, i) => `${formatProbe(probe)}\n${describeAnswer(replies[i])}`)
    const wanted = expected.map(({ probe, answer }) => `${formatProbe(probe)}\n${answer}`)
    expect(got.filter((text, i) => text !== wanted[i])).toEqual([])
    expect(expected.length).toBeGreaterThan(500)
    expectAskedAs(setup, before, await readMetrics(site))
  })
})

/** The resolver really asked as it was set up to; what is truncated by UDP it may ask again by TCP. */
function expectAskedAs({ upstream, withClientSubnet }: ResolverSetup, before: Samples, after: Samples): void {
  const byUdp = riseOf('meridian_queries_total{transport="udp"}', before, after)
  const byTcp = riseOf('meridian_queries_total{transport="tcp"}', before, after)
  const withSubnet = riseOf('meridian_subnet_queries_total', before, after)
  expect(upstream === 'UDP' ? byUdp : byTcp).toBeGreaterThan(500)
  if (upstream === 'TCP') expect(byUdp).toBe(0)
  if (withClientSubnet) expect(withSubnet).toBeGreaterThan(500)
  else expect(withSubnet).toBe(0)
}

/** An answer with authority that leaves nothing to ask elsewhere. */
function isWhole({ type }: Probe, { flags, answer, authority }: Answer): boolean {
  const isEnded = answer.some((record) => record.type === type) || authority.some((record) => record.type === TYPE_SOA)
  return (flags & FLAG_AA) !== 0 && isEnded
}

/** The RCODE and the records, without their TTLs, which age in caches. */
function describeAnswer(reply: Reply): string {
  if (!reply) return 'silence'
  const { rcode, answer } = readAnswer(reply)
  return [`rcode ${rcode}`, ...answer.map((record) => sortKey({ ...record, ttl: 0 })).sort()].join('\n')
}
