// Many packets: some made by the grammar, some by changing packets that were interesting before. Deterministic from its seed.
import { magnitude, mark, type Features } from './features.ts'
import { createDice, type Dice } from './dice.ts'
import { minimise } from './minimise.ts'
import { mutate } from './mutate.ts'
import { formatCase, type PacketCase } from './packet-case.ts'
import { createPacketMaker, makePacket } from './packet-grammar.ts'
import { STOP, u16 } from './packet-oracle.ts'
import type { PacketTarget, Verdict } from './packet-target.ts'
import type { DecodedMessage } from '../support/message.ts'
import type { Scene } from './scenes.ts'

const MAX_PACKET_BYTES = 4096
const MAX_POOL = 20_000
const SWEEP_EVERY = 5_000
/** Different failures that are looked into; after them the run ends. */
const MAX_FINDINGS = 20
const OPTION_COOKIE = 10

export interface Finding {
  readonly complaint: string
  /** The smallest input that was found, as its corpus holds it. */
  readonly input: string
}

export interface PacketRun {
  readonly seed: number
  readonly packets: number
  /** Asked now and then: true ends the run. */
  readonly isOver: () => boolean
  /** Told of each packet before it is thrown. */
  readonly onPacket: (packetCase: PacketCase) => void
}

export interface PacketReport {
  readonly packets: number
  readonly findings: readonly Finding[]
}

/** Throws `run.packets` packets; interesting ones are added to `pool`. */
export function runPackets(
  target: PacketTarget,
  scenes: ReadonlyMap<string, Scene>,
  features: Features,
  pool: PacketCase[],
  run: PacketRun,
): PacketReport {
  const dice = createDice(run.seed)
  const maker = createPacketMaker(dice, [...scenes.values()])
  const findings = new Map<string, Finding>()
  let packets = 0
  while (packets < run.packets && findings.size < MAX_FINDINGS) {
    if (packets % SWEEP_EVERY === 0) {
      if (run.isOver()) break
      sweep(findings, target, packets)
    }
    const packetCase = pool.length > 0 && dice.chance(50) ? change(pool, dice) : makePacket(maker)
    run.onPacket(packetCase)
    const verdict = target.ask(packetCase)
    packets++
    addFinding(findings, target, verdict.complaint, packetCase, run.onPacket)
    learnCookie(maker.cookie, verdict.decoded)
    if (markPacket(features, packetCase, verdict) && pool.length < MAX_POOL) pool.push(packetCase)
  }
  return { packets, findings: [...findings.values()] }
}

/** What was written far away is seen too late to know by which packet. */
function sweep(findings: Map<string, Finding>, target: PacketTarget, packets: number): void {
  const complaint = target.sweep()
  if (complaint) findings.set(complaint, { complaint, input: `one of the ${SWEEP_EVERY} packets before ${packets}` })
}

/** Throws packets that were kept; gives what is wrong with them. */
export function replayPackets(
  target: PacketTarget,
  features: Features,
  cases: readonly PacketCase[],
  onPacket: PacketRun['onPacket'],
): Finding[] {
  const findings = new Map<string, Finding>()
  for (const packetCase of cases) {
    onPacket(packetCase)
    const verdict = target.ask(packetCase)
    addFinding(findings, target, verdict.complaint, packetCase, onPacket)
    markPacket(features, packetCase, verdict)
  }
  return [...findings.values()]
}

function change(pool: readonly PacketCase[], dice: Dice): PacketCase {
  const chosen = dice.pick(pool)
  const packet = mutate(chosen.packet, dice.pick(pool).packet, dice, MAX_PACKET_BYTES)
  const context = dice.chance(90) ? chosen : dice.pick(pool)
  return { ...context, packet }
}

/** Each sort of failure once, its input as small as it gets. */
function addFinding(
  findings: Map<string, Finding>,
  target: PacketTarget,
  complaint: string | undefined,
  packetCase: PacketCase,
  onPacket: PacketRun['onPacket'],
): void {
  if (!complaint || findings.has(sortOf(complaint))) return
  const fails = (packet: Uint8Array): boolean => {
    const smaller = { ...packetCase, packet }
    onPacket(smaller)
    target.reset()
    const { complaint: now } = target.ask(smaller)
    return now !== undefined && sortOf(now) === sortOf(complaint)
  }
  const isRepeatable = fails(packetCase.packet)
  const packet = isRepeatable ? minimise(packetCase.packet, 0, fails) : packetCase.packet
  const note = isRepeatable ? '' : ' (only after the packets before it)'
  findings.set(sortOf(complaint), { complaint: complaint + note, input: formatCase({ ...packetCase, packet }) })
}

/** Complaints that differ in nothing but numbers are one sort. */
function sortOf(complaint: string): string {
  return complaint.replace(/ \d+|\S+\.(?= |$)/g, '')
}

function learnCookie(cookie: Uint8Array, decoded: DecodedMessage | undefined): void {
  const answered = decoded?.edns?.options.find(({ code }) => code === OPTION_COOKIE)
  if (answered?.data.length === cookie.length) cookie.set(answered.data)
}

/** Marks how the packet could be read and what was answered; true when any of it is new. */
export function markPacket(features: Features, packetCase: PacketCase, { shape, answer, decoded }: Verdict): boolean {
  const { packet, scene, limit } = packetCase
  if (shape.stop === STOP.runt || answer.length === 0) return mark(features, 1, shape.stop)
  const [rcode, opcode, verdict] = [answer[3]! & 0x0f, (answer[2]! >> 3) & 0x0f, answer[2]! & 0x06]
  let isNew = mark(features, 2, shape.stop, rcode, opcode)
  isNew = mark(features, 3, hash(scene), rcode, verdict) || isNew
  isNew = mark(features, 4, limit, magnitude(answer.length)) || isNew
  if (shape.questionEnd > 0) isNew = mark(features, 5, queryType(packet, shape.questionEnd), rcode, verdict) || isNew
  if (decoded) isNew = markAnswer(features, scene, decoded) || isNew
  return isNew
}

function markAnswer(
  features: Features,
  scene: string,
  { rcode, question, answer, authority, additional, edns }: DecodedMessage,
) {
  let isNew = false
  for (const [section, records] of [answer, authority, additional].entries()) {
    isNew = mark(features, 6, section, magnitude(records.length), hash(scene)) || isNew
    for (const type of new Set(records.map(({ type }) => type))) isNew = mark(features, 7, section, hash(type)) || isNew
  }
  const asked = question[0]?.class ?? ''
  const known = asked.startsWith('CLASS') ? 'other' : asked
  isNew = mark(features, 11, hash(known), hash(rcode), magnitude(answer.length)) || isNew
  const aliases = answer.filter(({ type }) => type === 'CNAME' || type === 'DNAME').length
  isNew = mark(features, 8, hash(scene), aliases, hash(rcode)) || isNew
  for (const { code, data } of edns?.options ?? []) {
    isNew = mark(features, 9, code, magnitude(data.length), hash(rcode)) || isNew
  }
  const subnet = edns?.clientSubnet
  return (subnet ? mark(features, 10, subnet.source >> 3, subnet.scope) : false) || isNew
}

/** A type's number, those that nobody knows as one. */
function queryType(packet: Uint8Array, questionEnd: number): number {
  const type = u16(packet, questionEnd - 4)
  return type <= 66 || (type >= 249 && type <= 258) ? type : 65280
}

function hash(text: string): number {
  let value = 0
  for (let i = 0; i < text.length; i++) value = Math.imul(value, 31) + text.charCodeAt(i)
  return value | 0
}
