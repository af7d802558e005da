// The thread that fuzzes: replays the corpus, then throws new packets and loads new zones. It is watched by fuzz.ts.
import { parentPort, workerData } from 'node:worker_threads'
import { judgeAllocation, measureAllocation } from './allocation.ts'
import { distil, readCorpus, writeCorpus } from './corpus.ts'
import { createFeatures } from './features.ts'
import type { ThreadMessage, ThreadSetup } from './fuzz.ts'
import { markPacket, replayPackets, runPackets, type Finding } from './packet-campaign.ts'
import type { PacketCase } from './packet-case.ts'
import { PacketTarget } from './packet-target.ts'
import { buildScenes, type Scene } from './scenes.ts'
import { openSlate } from './slate.ts'
import { markZone, replayZones, runZones } from './zone-campaign.ts'
import { measureGrowth } from './zone-growth.ts'
import { ZoneTarget } from './zone-target.ts'

const PROGRESS_MS = 10_000
/** What is longer is not worth its room in the repository. */
const KEPT_PACKET_BYTES = 300
const KEPT_ZONE_BYTES = 1500
const NOTHING = new Uint8Array(0)

const { slate, ...options } = workerData as ThreadSetup
const write = openSlate(slate)
const startedMs = performance.now()
const corpus = readCorpus()
const findings: Finding[] = []

const packets = fuzzPackets()
const zones = fuzzZones()
if (options.save) writeCorpus({ packets: distilPackets(packets), zones: distilZones(zones.pool) })
tell({ kind: 'report', report: { ...packets.report, ...zones.report, findings } })

function fuzzPackets() {
  const scenes = buildScenes()
  const target = new PacketTarget(scenes)
  const features = createFeatures()
  const onPacket = ({ scene, limit, client, packet }: PacketCase): void => {
    write(`packet ${scene} ${limit} ${client}`, packet)
  }
  addFindings(replayPackets(target, features, corpus.packets, onPacket))
  const known = features.count
  const pool = [...corpus.packets]
  const begun = performance.now()
  const tellProgress = everyPeriod(() => `${features.count} features, ${pool.length} packets in the pool`)
  const isOver = (): boolean => {
    tellProgress()
    return performance.now() - startedMs > options.packetsMs
  }
  const run = { seed: options.seed, packets: options.packets, isOver, onPacket }
  const result = runPackets(target, scenes, features, pool, run)
  const seconds = (performance.now() - begun) / 1000
  addFindings(result.findings)
  const bytes = options.allocation ? measureAllocation(scenes, pool, () => write('allocation', NOTHING)) : 0
  addFindings(judgeAllocation(bytes))
  const report = {
    packets: result.packets,
    packetsPerSecond: Math.round(result.packets / seconds),
    packetFeatures: features.count,
    newPacketFeatures: features.count - known,
    bytesAllocated: bytes,
  }
  return { report, scenes, pool }
}

function fuzzZones() {
  const target = new ZoneTarget()
  const features = createFeatures()
  const onZone = (text: Uint8Array): void => write('zone', text)
  addFindings(replayZones(target, features, corpus.zones, onZone))
  const known = features.count
  const pool = [...corpus.zones]
  const begun = performance.now()
  const isOver = (): boolean => performance.now() - startedMs > options.zonesMs
  const result = runZones(target, features, pool, { seed: options.seed, zones: options.zones, isOver, onZone })
  const seconds = (performance.now() - begun) / 1000
  addFindings(result.findings)
  if (options.growthBytes > 0) addFindings(measureGrowth(onZone, options.growthBytes))
  const report = {
    zones: result.zones,
    zonesLoaded: result.loaded,
    zonesPerSecond: Math.round(result.zones / seconds),
    zoneFeatures: features.count,
    newZoneFeatures: features.count - known,
  }
  return { report, pool }
}

/** The corpus and what is made from it often fail alike: each complaint is told once. */
function addFindings(more: readonly Finding[]): void {
  for (const finding of more) {
    if (!findings.some(({ complaint }) => complaint === finding.complaint)) findings.push(finding)
  }
}

function distilPackets({ scenes, pool }: { scenes: ReadonlyMap<string, Scene>; pool: readonly PacketCase[] }) {
  const target = new PacketTarget(scenes)
  const features = createFeatures()
  return distil(
    pool.filter(({ packet }) => packet.length <= KEPT_PACKET_BYTES),
    ({ packet }) => packet.length,
    (packetCase) => markPacket(features, packetCase, target.ask(packetCase)),
  )
}

function distilZones(pool: readonly Uint8Array[]): Uint8Array[] {
  const target = new ZoneTarget()
  const features = createFeatures()
  return distil(
    pool.filter(({ length }) => length <= KEPT_ZONE_BYTES),
    ({ length }) => length,
    (text) => markZone(features, target.load(text)),
  )
}

/** Tells the text at most once a period, however often it is called. */
function everyPeriod(text: () => string): () => void {
  let told = performance.now()
  return () => {
    const now = performance.now()
    if (now - told < PROGRESS_MS) return
    told = now
    tell({ kind: 'progress', text: text() })
  }
}

function tell(message: ThreadMessage): void {
  parentPort!.postMessage(message)
}
