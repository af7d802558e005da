// Loads one master file and judges what comes of it: faults that stand inside of it, or a zone that says the same when it is
// printed and read again, whose image answers every owner with every record.
import { formatFault, isError, type Fault } from '../../src/base/fault.ts'
import { foldCase } from '../../src/dns/name.ts'
import { loadZone } from '../../src/zone/load.ts'
import type { ServiceRows } from '../../src/snapshot/plan-image.ts'
import type { Zone, ZoneLoad } from '../../src/zone/zone.ts'
import type { DecodedMessage } from '../support/message.ts'
import { buildSnapshot, NO_ANSWER, slots } from '../support/query-worker.ts'
import { listRecords } from '../zone/zone-text.ts'
import type { PacketCase } from './packet-case.ts'
import { describeThrow, PacketTarget } from './packet-target.ts'
import type { Scene } from './scenes.ts'
import { INCLUDED, SERVICES } from './zone-grammar.ts'

const ORIGIN = 'fuzz.test'
const FILE = `/zones/${ORIGIN}.zone`
const SCENE = 'zone'
/** Texts are 16 KiB at most and take 1 ms or two. */
const SLOW_MS = 100
const RETRIES = 3
/** Owners that are asked; the first ones of a zone. */
const ASKED_NODES = 24
const ALWAYS_ASKED = [1, 43, 255, 65280]
const TYPE_NS = 2
const TYPE_DNAME = 39
const STREAM_LIMIT = 65535

export interface ZoneVerdict {
  readonly complaint: string | undefined
  readonly load: ZoneLoad | undefined
}

export class ZoneTarget {
  readonly #scenes = new Map<string, Scene>()
  readonly #packets = new PacketTarget(this.#scenes, 0)

  load(text: Uint8Array): ZoneVerdict {
    try {
      const started = performance.now()
      const load = loadText(text)
      const tookMs = performance.now() - started
      const complaint =
        judgeFaults(load, text) ??
        (tookMs > SLOW_MS ? judgeTime(text) : undefined) ??
        (load.zone && this.#judgeZone(load.zone))
      return { complaint, load }
    } catch (error) {
      return { complaint: describeThrow(error), load: undefined }
    }
  }

  #judgeZone(zone: Zone): string | undefined {
    const records = printZone(zone)
    const text = `${records.join('\n')}\n`
    const { zone: again, faults } = loadText(Buffer.from(text))
    if (!again) return `no-round-trip: ${formatFault(faults.find(isError)!)}`
    const lost = firstDifference(records.toSorted(), printZone(again).toSorted())
    if (lost !== undefined) return `no-round-trip: ${lost}`
    const snapshot = buildSnapshot({ zones: { [ORIGIN]: text }, services: zone.services.map(serviceNamed) })
    this.#packets.reset()
    this.#scenes.set(SCENE, { name: SCENE, snapshot, names: [] })
    return this.#askOwners(zone)
  }

  #askOwners(zone: Zone): string | undefined {
    const isHidden = hiddenNodes(zone)
    for (let node = 0; node < Math.min(zone.nodes.count, ASKED_NODES); node++) {
      for (const type of ALWAYS_ASKED) {
        const { complaint } = this.#packets.ask(question(zone, node, type, 512))
        if (complaint) return complaint
      }
      const complaint = this.#askRecords(zone, node, isHidden[node] === 1)
      if (complaint) return complaint
    }
    return undefined
  }

  #askRecords(zone: Zone, node: number, isHidden: boolean): string | undefined {
    for (let rrset = zone.nodes.firstRrset[node]!; rrset < zone.nodes.firstRrset[node + 1]!; rrset++) {
      const type = zone.rrsets.type[rrset]!
      const { complaint, decoded } = this.#packets.ask(question(zone, node, type, STREAM_LIMIT))
      if (complaint) return complaint
      if (!isHidden && decoded && !answers(decoded, zone, rrset)) return `lost-record: node ${node} type ${type}`
    }
    return undefined
  }
}

export function loadText(text: Uint8Array): ZoneLoad {
  const readFile = (path: string): Uint8Array => {
    if (path === FILE) return text
    if (path === INCLUDED.path) return Buffer.from(INCLUDED.text)
    throw new Error('no such file')
  }
  return loadZone(FILE, { services: SERVICES, readFile })
}

function judgeFaults({ zone, faults }: ZoneLoad, text: Uint8Array): string | undefined {
  if (faults.some(isError) !== (zone === undefined)) return 'wrong-severity: a zone has errors, or none has none'
  const lines = linesOf(text)
  const included = linesOf(Buffer.from(INCLUDED.text))
  const stray = faults.find(({ place }) => !isInside(place, place.file === FILE ? lines : included))
  return stray && `stray-fault: ${stray.code} at ${stray.place.line ?? 0}:${stray.place.column ?? 0}`
}

/** Characters of each line. */
function linesOf(text: Uint8Array): number[] {
  const lines: number[] = []
  let start = 0
  for (let at = text.indexOf(0x0a); at >= 0; start = at + 1, at = text.indexOf(0x0a, start)) {
    lines.push(charactersIn(text.subarray(start, at)))
  }
  lines.push(charactersIn(text.subarray(start)))
  return lines
}

function charactersIn(bytes: Uint8Array): number {
  return Array.from(new TextDecoder().decode(bytes)).length
}

/** On a character, or right behind the last of a line. */
function isInside({ file, line, column }: Fault['place'], lines: readonly number[]): boolean {
  if (file !== FILE && file !== INCLUDED.path) return false
  if (line === undefined) return column === undefined
  const length = lines[line - 1]
  return length !== undefined && column !== undefined && column >= 1 && column <= length + 1
}

function judgeTime(text: Uint8Array): string | undefined {
  let leastMs = Infinity
  for (let left = RETRIES; left > 0; left--)
    leastMs = Math.min(
      leastMs,
      cpuMs(() => loadText(text)),
    )
  return leastMs > SLOW_MS ? `slow: ${leastMs.toFixed(0)} ms` : undefined
}

/** Of this thread, user time and system time. */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** Records as text; what stands for an ALIAS among the services is printed as one. */
function printZone(zone: Zone): string[] {
  return listRecords(zone).map((line) => line.replace(/ LB ALIAS (\d+) (.*)$/, ' $1 ALIAS $2'))
}

function serviceNamed(name: string): ServiceRows {
  const rows = [{ ttl: 30, ipv4: slots('10.0.0.1'), ipv6: NO_ANSWER }]
  return { name, clientMap: -1, pin: undefined, leastTtl: 30, rows }
}

function firstDifference(a: readonly string[], b: readonly string[]): string | undefined {
  const at = a.findIndex((line, i) => line !== b[i])
  if (at >= 0) return `${a[at]!} became ${b[at] ?? 'nothing'}`
  return b.length > a.length ? `${b[a.length]!} came out of nothing` : undefined
}

/** By node: 1 at and below delegations and below DNAMEs, where a zone's own records are not answered. */
function hiddenNodes({ nodes, rrsets }: Zone): Uint8Array {
  const hidden = new Uint8Array(nodes.count)
  const hidesBelow = new Uint8Array(nodes.count)
  for (let node = 0; node < nodes.count; node++) {
    const parent = nodes.parent[node]!
    const types = rrsets.type.subarray(nodes.firstRrset[node], nodes.firstRrset[node + 1])
    const isCut = node > 0 && types.includes(TYPE_NS)
    hidden[node] = isCut || (parent >= 0 && hidesBelow[parent] === 1) ? 1 : 0
    hidesBelow[node] = hidden[node] === 1 || types.includes(TYPE_DNAME) ? 1 : 0
  }
  return hidden
}

function question({ nodes }: Zone, node: number, type: number, limit: number): PacketCase {
  const at = nodes.name[node]!
  let end = at
  while (nodes.names[end] !== 0) end += nodes.names[end]! + 1
  const name = nodes.names.subarray(at, end + 1)
  const packet = Uint8Array.of(0, node, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, type >> 8, type, 0, 1)
  return { scene: SCENE, limit, client: '192.0.2.53', packet }
}

/** Whether every record of the RRset is in the answer, or it is truncated. */
function answers(decoded: DecodedMessage, { rrsets, records }: Zone, rrset: number): boolean {
  if (decoded.tc) return true
  const found = new Set(decoded.answer.map(({ rdata }) => keyOf(rdata)))
  for (let record = rrsets.firstRecord[rrset]!; record < rrsets.firstRecord[rrset + 1]!; record++) {
    if (!found.has(keyOf(records.data.slice(records.offset[record], records.offset[record + 1])))) return false
  }
  return true
}

/** Without regard to case: a compressed name has the case of the name that it points at (RFC 4343 §4). */
function keyOf(rdata: Uint8Array): string {
  return Buffer.from(foldCase(rdata)).toString('hex')
}
