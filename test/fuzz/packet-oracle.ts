// What must be true of every answer, judged by a reading of the query that shares no code with the one under test.
// It reads what any server must be able to read, and says nothing of whether the answer is the right one: that is the
// differential test's business.
import type { PacketCase } from './packet-case.ts'
import { LIMITED_SCENE } from './scenes.ts'

const HEADER_BYTES = 12
const STREAM_LIMIT = 65535
const TYPE_OPT = 41
const FORMERR = 1
const NOTIMP = 4

/** How far a query can be read. */
export interface Shape {
  /** One of STOP. */
  readonly stop: number
  /** Where the question ends; 0 when there is not exactly one that can be read. */
  readonly questionEnd: number
  /** The UDP payload size of the first OPT record; −1 when there is none. */
  readonly payload: number
}

/** Where the reading of a query ended. */
export const STOP = {
  runt: 0,
  response: 1,
  questionCount: 2,
  questionName: 3,
  recordName: 4,
  recordCut: 5,
  looseEnd: 6,
  end: 7,
} as const

export function readShape(packet: Uint8Array): Shape {
  if (packet.length < HEADER_BYTES) return { stop: STOP.runt, questionEnd: 0, payload: -1 }
  if (packet[2]! >= 0x80) return { stop: STOP.response, questionEnd: 0, payload: -1 }
  if (u16(packet, 4) !== 1) return { stop: STOP.questionCount, questionEnd: 0, payload: -1 }
  const nameEnd = endOfName(packet, HEADER_BYTES, false)
  const isReadable = nameEnd > 0 && nameEnd - HEADER_BYTES <= 255 && nameEnd + 4 <= packet.length
  if (!isReadable) return { stop: STOP.questionName, questionEnd: 0, payload: -1 }
  return readRecords(packet, nameEnd + 4)
}

function readRecords(packet: Uint8Array, questionEnd: number): Shape {
  let payload = -1
  let at = questionEnd
  for (let left = u16(packet, 6) + u16(packet, 8) + u16(packet, 10); left > 0; left--) {
    const nameEnd = endOfName(packet, at, true)
    if (nameEnd < 0) return { stop: STOP.recordName, questionEnd, payload }
    if (nameEnd + 10 > packet.length) return { stop: STOP.recordCut, questionEnd, payload }
    if (u16(packet, nameEnd) === TYPE_OPT && payload < 0) payload = u16(packet, nameEnd + 2)
    at = nameEnd + 10 + u16(packet, nameEnd + 8)
    if (at > packet.length) return { stop: STOP.recordCut, questionEnd, payload }
  }
  return { stop: at === packet.length ? STOP.end : STOP.looseEnd, questionEnd, payload }
}

/** Where the name ends, or −1. */
function endOfName(packet: Uint8Array, at: number, mayPoint: boolean): number {
  for (;;) {
    const length = packet[at]
    if (length === undefined) return -1
    if (length === 0) return at + 1
    if (length >= 0xc0) return mayPoint ? at + 2 : -1
    if (length > 63) return -1
    at += length + 1
  }
}

/** What is wrong with an answer (empty: silence), as `code` or `code: more`; undefined when nothing is. */
export function judgeAnswer(
  { scene, packet, limit }: PacketCase,
  shape: Shape,
  answer: Uint8Array,
): string | undefined {
  const deservesSilence = shape.stop === STOP.runt || shape.stop === STOP.response
  if (answer.length === 0) return deservesSilence || mayBeLimited(scene, limit) ? undefined : 'silent'
  if (deservesSilence) return 'answered'
  if (answer.length > sizeLimit(limit, shape)) return `too-long: ${answer.length} bytes`
  if (answer.length < HEADER_BYTES) return `runt: ${answer.length} bytes`
  return judgeHeader(packet, answer) ?? judgeQuestion(packet, shape, answer) ?? judgeTruncation(answer)
}

function mayBeLimited(scene: string, limit: number): boolean {
  return scene === LIMITED_SCENE && limit !== STREAM_LIMIT
}

/** RFC 6891 §6.2.5: without a size of its own, a client takes 512 bytes; less means that, too. */
function sizeLimit(limit: number, { payload }: Shape): number {
  return limit === STREAM_LIMIT ? limit : Math.min(limit, Math.max(512, payload))
}

function judgeHeader(packet: Uint8Array, answer: Uint8Array): string | undefined {
  if (answer[0] !== packet[0] || answer[1] !== packet[1]) return 'wrong-id'
  if (answer[2]! < 0x80) return 'not-a-response'
  if (((answer[2]! ^ packet[2]!) & 0x79) !== 0) return 'wrong-flags: opcode or RD differ'
  if ((answer[3]! & 0xc0) !== 0) return 'wrong-flags: RA or Z set'
  return undefined
}

function judgeQuestion(packet: Uint8Array, { questionEnd }: Shape, answer: Uint8Array): string | undefined {
  const rcode = answer[3]! & 0x0f
  if (u16(answer, 4) === 0) {
    return questionEnd > 0 && rcode !== FORMERR && rcode !== NOTIMP ? 'no-question' : undefined
  }
  if (questionEnd === 0) return 'invented-question'
  if (u16(answer, 4) !== 1 || answer.length < questionEnd) return 'wrong-question'
  for (let i = HEADER_BYTES; i < questionEnd; i++) if (answer[i] !== packet[i]) return 'wrong-question'
  return undefined
}

/** RFC 2181 §9: what is truncated is asked for again whole, so nothing but OPT needs to be in it. */
function judgeTruncation(answer: Uint8Array): string | undefined {
  const isTruncated = (answer[2]! & 0x02) !== 0
  return isTruncated && u16(answer, 6) + u16(answer, 8) > 0 ? 'half-truncated' : undefined
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
