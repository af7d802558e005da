// One world, four servers: the zone files are written, everybody is started and waited for, and ended again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseName } from '../../src/dns/name.ts'
import { TYPE } from '../../src/dns/types.ts'
import type { Endpoint } from '../support/dns-client.ts'
import { DirectorProcess } from '../support/director-process.ts'
import { monotonicMs, sleep } from '../support/monotonic.ts'
import { createSite, type Site } from '../support/site.ts'
import { askAll, type Reply } from './asking.ts'
import { compare, type Compared } from './comparison.ts'
import type { Probe } from './probe.ts'
import { COOKIE_SECRET, IDENTITY, startReferences, type Reference, type ReferenceName } from './references.ts'
import type { TestZone } from './made-zones.ts'
import type { World } from './worlds.ts'

const READY_MS = 15_000

export interface Servers {
  readonly ours: Endpoint
  readonly references: readonly Reference[]
}

/** Starts all four on the zones, and ends them when they have been used. Throws when one does not serve every zone. */
export async function withServers<Result>(
  zones: readonly TestZone[],
  use: (servers: Servers) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'differential-'))
  const site = await createSite({ identity: IDENTITY, cookies: { secrets: [COOKIE_SECRET] } }, {})
  writeZones(site, zones)
  const files = zones.map(({ origin }) => ({ origin, file: join(site.folder, 'zones', fileOf(origin)) }))
  const references = await startReferences(folder, files)
  const director = new DirectorProcess(site)
  const all = [{ name: 'ours', endpoint: site, said: () => director.said }, ...references]
  try {
    await director.logged(/^serving on/, READY_MS)
    await Promise.all(all.map((contestant) => untilServing(contestant, zones)))
    return await use({ ours: site, references })
  } finally {
    await Promise.all([director.stop(), ...references.map(({ stop }) => stop())])
    site.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

export function writeZones(site: Site, zones: readonly TestZone[]): void {
  for (const { origin, text } of zones) site.write(`zones/${fileOf(origin)}`, text)
}

/**
 * Asks all four servers these questions about the world; once more, where `isDoubtful` says that silence may have been
 * the machine's.
 */
export function compareOn(
  { zones }: World,
  probes: readonly Probe[],
  isDoubtful: (compared: Compared) => boolean,
): Promise<Compared[]> {
  return withServers(zones, async (servers) => {
    const compared = await compareAll(servers, probes)
    const doubtful = [...probes.keys()].filter((i) => isDoubtful(compared[i]!))
    const again = await compareAll(
      servers,
      doubtful.map((i) => probes[i]!),
    )
    doubtful.forEach((index, i) => (compared[index] = again[i]!))
    return compared
  })
}

async function compareAll({ ours, references }: Servers, probes: readonly Probe[]): Promise<Compared[]> {
  const endpoints = [ours, ...references.map(({ endpoint }) => endpoint)]
  const [own, ...others] = await Promise.all(endpoints.map((endpoint) => askAll(endpoint, probes)))
  return probes.map((probe, i) => {
    const theirs = Object.fromEntries(references.map(({ name }, j) => [name, others[j]![i]]))
    return compare(probe, own![i], theirs as Record<ReferenceName, Reply>)
  })
}

/** Every zone answers for its SOA with authority. */
async function untilServing(
  { name, endpoint, said }: { readonly name: string; readonly endpoint: Endpoint; readonly said: () => string },
  zones: readonly TestZone[],
): Promise<void> {
  const deadline = monotonicMs() + READY_MS
  const probes = zones.map(({ origin }): Probe => {
    return { name: parseName(origin) as Uint8Array, type: TYPE.SOA, class: 1, flags: 0, stream: false, tags: [] }
  })
  for (;;) {
    const replies = await askAll(endpoint, probes)
    const missing = zones.filter((_, i) => !isAuthoritative(replies[i]))
    if (missing.length === 0) return
    if (monotonicMs() > deadline) {
      throw new Error(`${name} does not serve ${missing.map(({ origin }) => origin).join(', ')}; it said:\n${said()}`)
    }
    await sleep(50)
  }
}

/** AA is set and the RCODE is NOERROR. */
function isAuthoritative(reply: Reply): boolean {
  return reply !== undefined && (reply[2]! & 0x04) !== 0 && (reply[3]! & 0x0f) === 0
}

/** `plain.test.zone` for plain.test, `root.zone` for the root. */
function fileOf(origin: string): string {
  return `${origin === '.' ? 'root.' : origin}zone`
}
