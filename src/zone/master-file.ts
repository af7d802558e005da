// Master files (RFC 1035 §5) as bytes into columns: records, directives and files included. Every fault is told and the
// next record read. What records mean together is not looked at here (group.ts, check-*.ts).
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { nearestWord } from '../base/fault.ts'
import { NAME_PROBLEMS, parseName, scanName, type Name } from '../dns/name.ts'
import { parseTime } from '../dns/rdata/numbers.ts'
import { Tokens, type TokenProblem } from '../dns/tokens.ts'
import { Writer } from '../dns/writer.ts'
import { RecordColumns } from './columns.ts'
import { Faults, type Complaint } from './faults.ts'
import { ZONE_EXTENSION } from './find.ts'
import { NameTable } from './name-table.ts'
import { badTtl, MAX_TTL_SECONDS, NO_OWNER, readRecord } from './record.ts'
import {
  WIDEST_LIMITS,
  type MasterFile,
  type OpenFile,
  type ReadFile,
  type Reading,
  type ZoneLimits,
} from './reading.ts'
import { Sources } from './sources.ts'

/** Of text: most records of a large zone are longer, and columns that grow are copied. */
const EXPECTED_RECORD_BYTES = 24
const LIMITS_HINT = 'zoneLimits of the configuration says how much a zone may be'
const DOLLAR = 0x24
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)

const DIRECTIVES: ReadonlyMap<string, (reading: Reading, file: OpenFile) => Complaint | undefined> = new Map([
  ['$ORIGIN', setOrigin],
  ['$TTL', setTtl],
  ['$INCLUDE', includeFile],
  ['$GENERATE', refuseGenerate],
])

const TEXT_COMPLAINTS: Readonly<Record<TokenProblem['code'], Complaint>> = {
  'unclosed-quote': { code: 'unclosed-quote', message: 'a quote is not closed on its line' },
  'unclosed-parenthesis': { code: 'unclosed-parenthesis', message: 'a parenthesis is never closed' },
  'stray-parenthesis': { code: 'stray-parenthesis', message: 'a parenthesis has no counterpart' },
}

/** Reads a file whose name says its first origin: `example.com.zone`. */
export function readMasterFile(
  file: string,
  readFile: ReadFile = readFileSync,
  limits: ZoneLimits = WIDEST_LIMITS,
): MasterFile {
  const origin = parseName(basename(file, ZONE_EXTENSION))
  const reading = beginReading(readFile, limits, typeof origin === 'string' ? undefined : origin)
  const complain = (complaint: Complaint): void => reading.faults.fileError({ file }, complaint)
  if (typeof origin !== 'string') readText(reading, file, [], origin, complain)
  else complain({ code: 'bad-file-name', message: `the file's name is no zone's name: ${NAME_PROBLEMS[origin]}` })
  return reading
}

function beginReading(readFile: ReadFile, limits: ZoneLimits, fileOrigin: Name | undefined): Reading {
  const sources = new Sources()
  return {
    names: new NameTable(),
    records: new RecordColumns(),
    services: new RecordColumns(),
    faults: new Faults(sources),
    fileOrigin,
    files: [],
    sources,
    readFile,
    limits,
    scratch: new Writer(),
    isFull: false,
    textBytes: 0,
    defaultTtl: -1,
    lastTtl: -1,
  }
}

function readText(
  reading: Reading,
  path: string,
  includedBy: readonly string[],
  origin: Uint8Array,
  complain: (complaint: Complaint) => void,
): void {
  const bytes = readBytes(reading, path, complain)
  if (!bytes) return
  reading.files.push(path)
  const records = Math.ceil(bytes.length / EXPECTED_RECORD_BYTES)
  reading.records.expect(records)
  reading.names.expect(records)
  const start = BYTE_ORDER_MARK.every((byte, i) => byte === bytes[i]) ? BYTE_ORDER_MARK.length : 0
  const base = reading.sources.add(path, bytes)
  const file: OpenFile = { path, tokens: new Tokens(bytes, start), base, includedBy, origin, owner: NO_OWNER }
  while (!reading.isFull && file.tokens.nextRecord()) readEntry(reading, file)
}

function readBytes(reading: Reading, path: string, complain: (complaint: Complaint) => void): Uint8Array | undefined {
  try {
    const bytes = reading.readFile(path)
    reading.textBytes += bytes.length
    const { textBytes } = reading.limits
    if (reading.textBytes <= textBytes) return bytes
    complain({ code: 'too-long', message: `the zone's text is longer than ${textBytes} bytes`, hint: LIMITS_HINT })
  } catch (error) {
    complain({ code: 'cannot-read', message: `cannot read ${path}: ${(error as Error).message}` })
  }
  return undefined
}

/** One record more than there may be is not read any more, and neither is what follows. */
function isOverfull(reading: Reading): boolean {
  const { records, services, limits } = reading
  reading.isFull = records.count + services.count >= limits.records
  return reading.isFull
}

function tooManyRecords({ records }: ZoneLimits): Complaint {
  return { code: 'too-many-records', message: `the zone has more than ${records} records`, hint: LIMITS_HINT }
}

/** Reads one record or directive and leaves the tokens behind it. */
function readEntry(reading: Reading, file: OpenFile): void {
  const { tokens } = file
  const isBlank = tokens.beginsBlank()
  if (!tokens.next()) {
    finishEntry(reading, file, undefined)
    return
  }
  if (isOverfull(reading)) {
    finishEntry(reading, file, tooManyRecords(reading.limits))
    return
  }
  const isDirective = tokens.bytes[tokens.start] === DOLLAR && !isBlank && !tokens.quoted
  finishEntry(reading, file, isDirective ? readDirective(reading, file) : readRecord(reading, file, isBlank))
}

/** Tells what is wrong with the entry: broken text first, for whatever else seems wrong may follow from it. */
function finishEntry({ faults }: Reading, { tokens, base }: OpenFile, complaint: Complaint | undefined): void {
  const at = tokens.start
  tokens.skipRecord()
  if (tokens.problem) faults.error(base + tokens.problem.at, TEXT_COMPLAINTS[tokens.problem.code])
  else if (complaint) faults.error(base + at, complaint)
}

function readDirective(reading: Reading, file: OpenFile): Complaint | undefined {
  const word = file.tokens.text()
  const directive = DIRECTIVES.get(word.toUpperCase())
  if (directive) return directive(reading, file)
  const nearest = nearestWord(word, DIRECTIVES.keys())
  const message = `${word} is no directive`
  return { code: 'unknown-directive', message, ...(nearest ? { hint: `did you mean ${nearest}?` } : {}) }
}

function setOrigin(_reading: Reading, file: OpenFile): Complaint | undefined {
  const { tokens } = file
  if (!tokens.next()) return { code: 'missing-field', message: '$ORIGIN needs a domain name' }
  const origin = readOrigin(file)
  if (!(origin instanceof Uint8Array)) return origin
  file.origin = origin
  return endOfDirective(tokens)
}

function setTtl(reading: Reading, { tokens }: OpenFile): Complaint | undefined {
  if (!tokens.next()) return { code: 'missing-field', message: '$TTL needs a time, as in 3600 or 1h' }
  const ttl = parseTime(tokens, MAX_TTL_SECONDS)
  if (ttl === undefined) return badTtl(tokens)
  reading.defaultTtl = ttl
  return endOfDirective(tokens)
}

/** `$INCLUDE file [origin]`: origin and owner of this file are as before when the other ends (RFC 1035 §5.1). */
function includeFile(reading: Reading, file: OpenFile): Complaint | undefined {
  const { tokens, base, path, includedBy } = file
  if (!tokens.next()) return { code: 'missing-field', message: '$INCLUDE needs the name of a file' }
  const refuse = complainAt(reading, base + tokens.start)
  const included = resolve(dirname(path), tokens.text())
  const origin = tokens.next() ? readOrigin(file) : file.origin
  if (!(origin instanceof Uint8Array)) return origin
  const complaint = endOfDirective(tokens)
  if (complaint) return complaint
  const stack = [...includedBy, path]
  const refusal = refuseInclusion(included, stack, reading)
  if (refusal) refuse(refusal)
  else readText(reading, included, stack, origin, refuse)
  return undefined
}

function complainAt({ faults }: Reading, position: number): (complaint: Complaint) => void {
  return (complaint) => faults.error(position, complaint)
}

function refuseInclusion(path: string, stack: readonly string[], reading: Reading): Complaint | undefined {
  const { includeDepth, files } = reading.limits
  if (stack.includes(path)) return { code: 'include-loop', message: `${path} includes itself` }
  if (stack.length > includeDepth) {
    const message = `files include each other more than ${includeDepth} deep`
    return { code: 'include-depth', message, hint: LIMITS_HINT }
  }
  if (reading.files.length < files) return undefined
  return { code: 'too-many-files', message: `the zone is read from more than ${files} files`, hint: LIMITS_HINT }
}

function refuseGenerate(): Complaint {
  const hint = 'write its records out, or $INCLUDE a file made by a program'
  return { code: 'unsupported-directive', message: '$GENERATE is not supported', hint }
}

function readOrigin({ tokens, origin }: OpenFile): Uint8Array | Complaint {
  const out = new Writer()
  const problem = scanName(tokens.bytes, tokens.start, tokens.end, origin, out)
  return problem ? { code: problem, message: `the origin is no domain name: ${NAME_PROBLEMS[problem]}` } : out.slice()
}

function endOfDirective(tokens: Tokens): Complaint | undefined {
  if (!tokens.next()) return undefined
  return { code: 'extra-field', message: `"${tokens.text()}" is more than the directive can hold` }
}
