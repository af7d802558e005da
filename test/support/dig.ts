// dig, the tool that people look with: run for real, its output read. Where it is missing, tests that need it are skipped
// with a word, except in CI, where they fail.
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import type { Endpoint } from './dns-client.ts'

export interface DigAnswer {
  /** `NOERROR`. */
  readonly status: string
  readonly flags: readonly string[]
  readonly answer: readonly DigRecord[]
  readonly authority: readonly DigRecord[]
  /** `3.120.0.0/24/11`, with the scope that the server gave. */
  readonly clientSubnet?: string
  /** What dig complains of, such as extra bytes. */
  readonly warnings: readonly string[]
}

export interface DigRecord {
  readonly name: string
  readonly ttl: number
  readonly type: string
  readonly data: string
}

export const digIsMissing = spawnSync('dig', ['-v']).status !== 0

if (digIsMissing && process.env.CI === 'true') throw new Error('dig is needed in CI: apt-get install bind9-dnsutils')
if (digIsMissing) console.warn('dig is missing, so tests with it are skipped: apt-get install bind9-dnsutils')

/** Each question is what stands on dig's command line: `['www.example.com', 'A', '+tcp']`. One process asks them all. */
export async function dig({ host, port }: Endpoint, ...questions: readonly string[][]): Promise<DigAnswer[]> {
  const common = [`@${host}`, '-p', String(port), '+tries=1', '+time=2', '+norecurse']
  const { stdout } = await promisify(execFile)('dig', [...common, ...questions.flat()])
  const answers = stdout
    .split(/^(?=;; Got answer:)/m)
    .slice(1)
    .map(readAnswer)
  if (answers.length !== questions.length) throw new Error(`dig was not answered:\n${stdout}`)
  return answers
}

function readAnswer(text: string): DigAnswer {
  const clientSubnet = /^; CLIENT-SUBNET: (\S+)/m.exec(text)?.[1]
  return {
    status: /status: (\w+)/.exec(text)![1]!,
    flags: /flags: ([a-z ]*);/.exec(text)![1]!.split(' '),
    answer: readSection(text, 'ANSWER'),
    authority: readSection(text, 'AUTHORITY'),
    ...(clientSubnet !== undefined && { clientSubnet }),
    warnings: text.split('\n').filter((line) => /^;; (Warning|WARNING|Truncated)/.test(line)),
  }
}

function readSection(text: string, section: string): DigRecord[] {
  const lines = new RegExp(`^;; ${section} SECTION:\n((?:[^;\n].*\n)*)`, 'm').exec(text)?.[1] ?? ''
  return lines.split('\n').filter(Boolean).map(readRecord)
}

function readRecord(line: string): DigRecord {
  const [, name, ttl, type, data] = /^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/.exec(line)!
  return { name: name!, ttl: Number(ttl), type: type!, data: data! }
}
