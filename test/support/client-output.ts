// What dig and kdig print, as values: the parts of an answer that a test compares, and everything that the client had to
// complain of.
import { execFile, spawnSync } from 'node:child_process'

export type Program = 'dig' | 'kdig'

export interface ClientAnswer {
  /** `NOERROR`. */
  readonly status: string
  /** `qr aa`. */
  readonly flags: string
  /** Records as `owner ttl type rdata`, by section; OPT is not among them. */
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  readonly additional: readonly string[]
  /** `203.0.113.0/24/16`, when one came back. */
  readonly subnet?: string
  /** The extended error (RFC 8914): `20 (Not Authoritative)`. */
  readonly extendedError?: string
  readonly transport: 'UDP' | 'TCP'
  /** Lines that are none of what a client prints when all is well. */
  readonly complaints: readonly string[]
}

/** True when the program can be run. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined
}

/** Asks 127.0.0.1 once, without retries for lost packets. */
export async function askWith(program: Program, port: number, words: readonly string[]): Promise<ClientAnswer> {
  const own = program === 'dig' ? ['+nosplit', '+tries=1', '+time=5'] : ['+edns', '+retry=0', '+timeout=5']
  const output = await run(program, ['@127.0.0.1', '-p', String(port), '+norec', ...own, ...words])
  return readOutput(output)
}

function run(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, words, (error, stdout, stderr) => {
      resolve(`${stdout}${stderr}${error ? `\n;; ${program} failed: ${error.message}` : ''}`)
    })
  })
}

interface Found {
  status: string
  flags: string
  transport: 'UDP' | 'TCP'
  subnet?: string
  extendedError?: string
  /** The section that the line stands in. */
  section: string
  readonly records: Readonly<Record<string, string[]>>
}

/** What each kind of line tells; the first form that fits counts. */
const FORMS: readonly (readonly [RegExp, (found: Found, match: RegExpExecArray) => void])[] = [
  [/^$/, () => undefined],
  [/^;; ->>HEADER<<- opcode: QUERY[,;] status: (\w+)[,;] id: \d+$/, (found, [, status]) => (found.status = status!)],
  [
    /^;; flags:([ a-z]*); QUERY: 1[,;] ANSWER: \d+[,;] AUTHORITY: \d+[,;] ADDITIONAL: \d+$/i,
    (found, [, flags]) => (found.flags = flags!.trim()),
  ],
  [/^;+ CLIENT-SUBNET: (\S+)$/, (found, [, subnet]) => (found.subnet = subnet!)],
  [
    /^;; (?:SERVER: \S+ |From \S+@\d+)\((UDP|TCP)\)/,
    (found, [, transport]) => (found.transport = transport as 'UDP' | 'TCP'),
  ],
  [/^;+ EDE: (.+)$/, (found, [, extendedError]) => (found.extendedError = extendedError!)],
  [/^;; (\w+) (?:PSEUDO)?SECTION:$/, (found, [, section]) => (found.section = section!)],
  [
    /^(?!;)(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$/,
    (found, [, owner, ttl, type, rdata]) => found.records[found.section]?.push([owner, ttl, type, rdata].join(' ')),
  ],
  [/^; COOKIE: [0-9a-f]+ \(good\)$/, () => undefined],
  // Banners, the question, EDNS, figures.
  [/^; <<>> DiG |^; \(\d+ servers? found\)$|^;; global options:|^;; Got answer:$/, () => undefined],
  [/^; EDNS: version: 0, flags:; udp: \d+$/, () => undefined],
  [/^;; Version: 0; flags: ; UDP size: \d+ B; ext-rcode: NOERROR$/, () => undefined],
  [/^;+ ?\S+\s+IN\s+\S+$/, () => undefined],
  [/^;; (Query time|WHEN|MSG SIZE +rcvd|Received|Time)\b/, () => undefined],
]

/** Reads one answer of either program. */
export function readOutput(output: string): ClientAnswer {
  const records = { ANSWER: [], AUTHORITY: [], ADDITIONAL: [] }
  const found: Found = { status: 'none', flags: '', transport: 'UDP', section: '', records }
  const complaints = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => !takeLine(found, line))
  const { status, flags, transport, subnet, extendedError } = found
  return {
    ...{ status, flags, transport, complaints },
    ...(subnet !== undefined && { subnet }),
    ...(extendedError !== undefined && { extendedError }),
    answer: records.ANSWER,
    authority: records.AUTHORITY,
    additional: records.ADDITIONAL,
  }
}

/** False when the line is of no known kind. */
function takeLine(found: Found, line: string): boolean {
  for (const [form, take] of FORMS) {
    const match = form.exec(line)
    if (!match) continue
    take(found, match)
    return true
  }
  return false
}
