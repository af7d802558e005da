// The four names of the CHAOS class by which servers tell who they are (RFC 4892): TXT only, hidden where the
// configuration says nothing.
import { CLASS, RCODE, TYPE } from '../dns/types.ts'
import { planHeader } from '../snapshot/plan-image.ts'
import { settingsBlock } from '../snapshot/settings.ts'
import { NO_NAMES, QUESTION_NAME_AT, writeRecords } from './message.ts'
import { suffixIs } from './name-cursor.ts'
import type { QueryWorker } from './worker.ts'

const encode = (...labels: string[]): Uint8Array =>
  Uint8Array.from([...labels.flatMap((label) => [label.length, ...Buffer.from(label)]), 0])

const VERSION_NAMES = [encode('version', 'bind'), encode('version', 'server')]
const SERVER_NAMES = [encode('id', 'server'), encode('hostname', 'bind')]

/** Answers a question of class CH and returns the RCODE. */
export function answerChaos(worker: QueryWorker): number {
  const { query, message, snapshot, scratch } = worker
  const setting = settingOf(worker)
  if (setting < 0) return RCODE.REFUSED
  const { planWords, planBytes } = snapshot
  const at = planWords[planHeader.settings]! + setting
  const length = planWords[at + 1]!
  if (length === 0) return RCODE.REFUSED
  message.authoritative = true
  if (query.type !== TYPE.TXT && query.type !== TYPE.ANY) return RCODE.NOERROR
  const textAt = writeChaosHeader(scratch, length)
  for (let i = 0; i < length; i++) scratch[textAt + i] = planBytes[planWords[at]! + i]!
  if (!writeRecords(message, query.name, QUESTION_NAME_AT, NO_NAMES, 1, scratch, 0)) message.truncated = true
  message.answers++
  return RCODE.NOERROR
}

/** Which setting a name asks for, or −1. */
function settingOf({ query: { name } }: QueryWorker): number {
  for (let i = 0; i < 2; i++) {
    if (suffixIs(name, 0, VERSION_NAMES[i]!, 0, VERSION_NAMES[i]!.length)) return settingsBlock.version
    if (suffixIs(name, 0, SERVER_NAMES[i]!, 0, SERVER_NAMES[i]!.length)) return settingsBlock.server
  }
  return -1
}

/** Type TXT, class CH, TTL 0, RDLENGTH and the string's own length; returns where the text begins. */
function writeChaosHeader(scratch: Uint8Array, length: number): number {
  scratch.fill(0, 0, 11)
  scratch[1] = TYPE.TXT
  scratch[3] = CLASS.CH
  scratch[9] = length + 1
  scratch[10] = length
  return 11
}
