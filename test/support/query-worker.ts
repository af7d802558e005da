// A query worker over zones written as text and plans written by hand: the whole query path without a socket.
import { parseAddress, writeWords } from '../../src/base/address.ts'
import type { ClientMap } from '../../src/geo/client-map.ts'
import { createCounters } from '../../src/metrics/counters.ts'
import { createQueryLog, type QueryLog } from '../../src/query/query-log.ts'
import { respond } from '../../src/query/respond.ts'
import { createQueryWorker, type QueryWorker } from '../../src/query/worker.ts'
import { clientMapWords, writeClientMap } from '../../src/snapshot/client-map.ts'
import type { Settings } from '../../src/snapshot/settings.ts'
import { PICKS, planPlanImage, type ServiceRows } from '../../src/snapshot/plan-image.ts'
import type { SlotTable } from '../../src/snapshot/slot-table.ts'
import type { Snapshot } from '../../src/snapshot/publication.ts'
import { ZoneImageWriter } from '../../src/snapshot/zone-image-writer.ts'
import { parseName } from '../../src/dns/name.ts'
import { loadZone } from '../../src/zone/load.ts'
import type { Zone } from '../../src/zone/zone.ts'
import { buildQuery, decodeMessage, type DecodedMessage, type Query } from './message.ts'

export interface TestSnapshot {
  /** Master-file text by origin, without the final dot. */
  readonly zones: Readonly<Record<string, string>>
  /** Origins whose zone never loaded. */
  readonly failed?: readonly string[]
  readonly services?: readonly ServiceRows[]
  readonly clientMaps?: readonly ClientMap[]
  readonly settings?: Partial<Settings>
}

const HIDDEN: Settings = {
  ...{ version: '', server: '', nsid: '', tcpIdleTimeoutMs: 10_000 },
  cookieSecrets: [new Uint8Array(16)],
  rateLimit: undefined,
}

const PICK_PLACES = 4096

export function parseZone(
  origin: string,
  text: string,
  services: readonly string[] = [],
  cnameServices: readonly string[] = [],
): Zone {
  const file = `/zones/${origin}.zone`
  const load = loadZone(file, {
    services: new Set(services),
    cnameServices: new Set(cnameServices),
    readFile: () => new TextEncoder().encode(text),
  })
  if (!load.zone) throw new Error(JSON.stringify(load.faults, null, 2))
  return load.zone
}

export function buildSnapshot({
  zones,
  failed = [],
  services = [],
  clientMaps = [],
  settings,
}: TestSnapshot): Snapshot {
  const names = services.map(({ name }) => name)
  const cnames = services.filter(({ answers }) => answers === 'cname').map(({ name }) => name)
  const writer = new ZoneImageWriter(new SharedArrayBuffer(0))
  for (const [origin, text] of Object.entries(zones)) writer.add(parseZone(origin, text, names, cnames))
  for (const origin of failed) writer.addFailed(parseName(origin) as Uint8Array)
  const { buffer: zoneBuffer, bindings } = writer.finish()
  const mapOffsets: number[] = []
  let mapWordsNeeded = 1
  for (const map of clientMaps) {
    mapOffsets.push(mapWordsNeeded)
    mapWordsNeeded += clientMapWords(map)
  }
  const mapWords = new Int32Array(new SharedArrayBuffer(mapWordsNeeded * 4))
  clientMaps.forEach((map, i) => writeClientMap(map, mapWords, mapOffsets[i]!))
  let picks = 1
  const plan = planPlanImage({
    settings: { ...HIDDEN, ...settings },
    services,
    bindings: bindings.map(({ service }) => {
      const index = names.indexOf(service)
      const binding = { service: index, picks }
      picks += services[index]!.rows.length * PICKS
      return binding
    }),
    clientMaps: mapOffsets,
    tallyOf: (_, answer) => (answer.length > 0 ? 1 : 2),
  })
  const planBuffer = new SharedArrayBuffer(plan.byteLength)
  plan.write(planBuffer)
  return {
    number: 1,
    zoneWords: new Int32Array(zoneBuffer),
    zoneBytes: new Uint8Array(zoneBuffer),
    mapWords,
    planWords: new Int32Array(planBuffer),
    planHalves: new Uint16Array(planBuffer),
    planBytes: new Uint8Array(planBuffer),
  }
}

export function workerOver(snapshot: Snapshot, slot = 0, queryLog: QueryLog = createQueryLog(0, 0)): QueryWorker {
  return createQueryWorker({
    snapshot,
    slot,
    counters: createCounters(),
    picks: new Int32Array(PICK_PLACES),
    tallies: new Float64Array(64),
    queryLog,
  })
}

export interface Asker {
  readonly worker: QueryWorker
  /** The raw answer; undefined for silence. */
  readonly send: (packet: Uint8Array, options?: { from?: string; stream?: boolean }) => Uint8Array | undefined
  readonly ask: (query: Query, options?: { from?: string; stream?: boolean }) => DecodedMessage
}

/** Asks `respond` itself. The packet stands away from the start of its buffer, so that an offset forgotten shows. */
export function createAsker(parts: TestSnapshot, slot = 0): Asker {
  const worker = workerOver(buildSnapshot(parts), slot)
  const input = new Uint8Array(70_000)
  const output = new Uint8Array(70_000)
  const client = new Int32Array(5)
  const send: Asker['send'] = (packet, { from = '192.0.2.53', stream = false } = {}) => {
    writeWords(parseAddress(from)!, client)
    input.fill(0xee)
    input.set(packet, 17)
    const length = respond(worker, input, 17, packet.length, client, output, 33, stream ? 65535 : 1232)
    return length === 0 ? undefined : output.slice(33, 33 + length)
  }
  const ask: Asker['ask'] = (query, options) => {
    const answer = send(buildQuery(query), options)
    if (!answer) throw new Error('no answer')
    return decodeMessage(answer)
  }
  return { worker, send, ask }
}

/** A table whose slots name addresses: `slots('192.0.2.1', '192.0.2.2')`; an empty text is NODATA. */
export function slots(...answers: string[]): SlotTable {
  const distinct = [...new Set(answers)]
  return {
    answers: distinct.map((texts) =>
      texts
        .split(' ')
        .filter(Boolean)
        .map((text) => parseAddress(text)!),
    ),
    slots: Uint16Array.from(answers, (text) => distinct.indexOf(text)),
  }
}

/** A table whose slots are CNAMEs to these names. */
export function hosts(...names: string[]): SlotTable {
  return {
    answers: names.map((name) => [{ family: 'host', bytes: parseName(name) as Uint8Array }]),
    slots: Uint16Array.from(names, (_, i) => i),
  }
}

export const NO_ANSWER = slots('')

/** The table of a target that is not resolved. */
export const UNRESOLVED: SlotTable = { answers: ['servfail'], slots: Uint16Array.of(0) }
