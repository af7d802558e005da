// One record of a master file: owner, TTL and class in either order, type, rdata (RFC 1035 §5.1). A record whose rdata is
// faulty is kept without any, so that later checks do not miss it; its zone is refused anyhow.
import { nearestWord } from '../base/fault.ts'
import { isDigit } from '../dns/escape.ts'
import { foldCase, NAME_PROBLEMS, scanName } from '../dns/name.ts'
import { parseTime } from '../dns/rdata/numbers.ts'
import { parseRdata, TEXT_TYPES } from '../dns/rdata/rdata.ts'
import type { Tokens } from '../dns/tokens.ts'
import { CLASS, formatClass, formatType, MAX_WIRE_TYPE, TYPE } from '../dns/types.ts'
import type { Complaint } from './faults.ts'
import type { OpenFile, Reading } from './reading.ts'
import { readWord, type Word } from './words.ts'

/** RFC 2181 §8. */
export const MAX_TTL_SECONDS = 0x7fff_ffff
/** Offsets into names and rdata are 32-bit integers. */
const MAX_COLUMN_BYTES = 1 << 30
/** Owners of a file before its first record, and after a faulty name. */
export const NO_OWNER = -1
const FAULTY_OWNER = -2

/** The current token is the owner, or what follows it when the record begins with a blank. */
export function readRecord(reading: Reading, file: OpenFile, isBlank: boolean): Complaint | undefined {
  const { tokens } = file
  const position = file.base + tokens.start
  if (Math.max(reading.names.bytes.length, reading.records.data.length) > MAX_COLUMN_BYTES) {
    return { code: 'too-long', message: `the zone's names or its data are longer than ${MAX_COLUMN_BYTES} bytes` }
  }
  if (!isBlank) {
    const complaint = readOwner(reading, file)
    if (complaint) return complaint
    if (!tokens.next()) return missingType()
  } else if (file.owner === NO_OWNER) {
    return { code: 'missing-owner', message: 'the record begins with a blank, but no owner stands before it' }
  }
  return readAfterOwner(reading, file, position)
}

function readOwner(reading: Reading, file: OpenFile): Complaint | undefined {
  const { scratch, names } = reading
  const { tokens, origin } = file
  scratch.rollBack(0)
  const problem = scanName(tokens.bytes, tokens.start, tokens.end, origin, scratch)
  if (problem) {
    file.owner = FAULTY_OWNER
    return { code: problem, message: `the owner is no domain name: ${NAME_PROBLEMS[problem]}` }
  }
  foldCase(scratch.bytes, 0, scratch.length)
  file.owner = names.intern(scratch.bytes, 0, scratch.length)
  return undefined
}

/** TTL and class, each at most once, then the type and its rdata. */
function readAfterOwner(reading: Reading, file: OpenFile, position: number): Complaint | undefined {
  const { tokens } = file
  let ttl = -1
  let ttlAt = 0
  let hasClass = false
  do {
    if (ttl < 0 && isDigit(tokens.bytes[tokens.start]!)) {
      ttlAt = file.base + tokens.start
      ttl = parseTime(tokens, MAX_TTL_SECONDS) ?? -1
      if (ttl < 0) return badTtl(tokens)
      continue
    }
    const word = readWord(tokens)
    if (word?.kind === 'class' && !hasClass) {
      if (word.number !== CLASS.IN) return badClass(word)
      hasClass = true
      continue
    }
    if (word?.kind !== 'type') return unknownType(tokens)
    if (word.number === TYPE.LB && ttl >= 0) refuseTtlOfService(reading, ttlAt)
    return readDataRecord(reading, file, word.number, ttl, position)
  } while (tokens.next())
  return missingType()
}

function readDataRecord(
  reading: Reading,
  file: OpenFile,
  type: number,
  ttl: number,
  position: number,
): Complaint | undefined {
  if (isMetaType(type)) return { code: 'meta-type', message: `${formatType(type)} is for queries, not for zones` }
  const records = type > MAX_WIRE_TYPE ? reading.services : reading.records
  const offset = records.data.length
  const complaint = parseRdata(type, file.tokens, records.data, file.origin)
  if (ttl >= 0) reading.lastTtl = ttl
  else ttl = reading.defaultTtl >= 0 ? reading.defaultTtl : reading.lastTtl
  if (file.owner >= 0) records.push(file.owner, type, ttl, position, offset)
  else records.data.rollBack(offset)
  return complaint
}

function refuseTtlOfService({ faults }: Reading, ttlAt: number): void {
  const hint = 'take the TTL away, or set ttl: of the service'
  faults.error(ttlAt, { code: 'lb-ttl', message: 'an LB record has the TTL of its service', hint })
}

/** Question-only and meta types (RFC 6895 §3.1), and 0. */
function isMetaType(type: number): boolean {
  return type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255)
}

export function badTtl(tokens: Tokens): Complaint {
  const hint = `seconds up to ${MAX_TTL_SECONDS}, or units as in 1h30m`
  return { code: 'bad-ttl', message: `"${tokens.text()}" is no TTL`, hint }
}

function badClass(word: Word): Complaint {
  return { code: 'bad-class', message: `the class ${formatClass(word.number)} is not served`, hint: 'only IN is' }
}

function missingType(): Complaint {
  return { code: 'missing-type', message: 'the record has no type', hint: 'as in: www IN A 192.0.2.1' }
}

function unknownType(tokens: Tokens): Complaint {
  const word = tokens.text()
  const nearest = nearestWord(word, TEXT_TYPES)
  const hint = nearest === undefined ? 'unknown types are written TYPEnnn (RFC 3597)' : `did you mean ${nearest}?`
  return { code: 'unknown-type', message: `"${word}" is no record type`, hint }
}
