// The one catch at the socket's edge: whatever the query path throws becomes SERVFAIL for that client, a count and a
// report; the next query is answered as if nothing had happened.
import { counter, type Counters } from '../metrics/counters.ts'
import type { Answer, Responder } from './responder.ts'

/** RFC 1035 §4.1.1. */
const HEADER_BYTES = 12
const QR = 0x80
/** Of the query's third byte: opcode and RD come back as they were. */
const ECHOED = 0x79
const SERVFAIL = 2
const MAX_LABEL_BYTES = 63
const MAX_NAME_BYTES = 255

export function guardResponder(responder: Responder, counters: Counters, report: (error: unknown) => void): Responder {
  const answer: Answer = (input, at, length, client, output, outAt, limit) => {
    try {
      return responder.answer(input, at, length, client, output, outAt, limit)
    } catch (error) {
      counters[counter.internalErrors]!++
      report(error)
      return writeServfail(input, at, length, output, outAt, limit)
    }
  }
  return { enter: responder.enter, leave: responder.leave, sent: responder.sent, answer }
}

/** SERVFAIL with the query's ID and, where it can be read, its question. 0 (silence) for what is not a query. */
export function writeServfail(
  input: Uint8Array,
  at: number,
  length: number,
  output: Uint8Array,
  outAt: number,
  limit: number,
): number {
  if (length < HEADER_BYTES || (input[at + 2]! & QR) !== 0) return 0
  const question = questionBytes(input, at, length)
  const bytes = HEADER_BYTES + question
  if (bytes > limit) return 0
  output.fill(0, outAt, outAt + HEADER_BYTES)
  output[outAt] = input[at]!
  output[outAt + 1] = input[at + 1]!
  output[outAt + 2] = QR | (input[at + 2]! & ECHOED)
  output[outAt + 3] = SERVFAIL
  output[outAt + 5] = question > 0 ? 1 : 0
  for (let i = HEADER_BYTES; i < bytes; i++) output[outAt + i] = input[at + i]!
  return bytes
}

/** The length of the one question behind the header, or 0 when there is not exactly one or it cannot be read. */
function questionBytes(input: Uint8Array, at: number, length: number): number {
  if (input[at + 4] !== 0 || input[at + 5] !== 1) return 0
  const start = at + HEADER_BYTES
  const end = at + length
  let i = start
  while (i < end && input[i]! !== 0) {
    if (input[i]! > MAX_LABEL_BYTES) return 0
    i += input[i]! + 1
  }
  const bytes = i + 1 - start
  return bytes <= MAX_NAME_BYTES && i + 5 <= end ? bytes + 4 : 0
}
