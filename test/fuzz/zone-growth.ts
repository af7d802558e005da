// Texts that are long in one way each, to see that the time to load a zone grows with its length and no faster.
import type { Finding } from './packet-campaign.ts'
import { cpuMs, loadText } from './zone-target.ts'

/** A text four times as long may take so much longer: linear is 4, quadratic 16. */
const WORST_RATIO = 9
const START_BYTES = 4096
/** Times below this say little. */
const LEAST_MS = 30
const TRIES = 3

const HEAD = '$TTL 60\n@ IN SOA ns h 1 2 3 4 5\n@ IN NS ns\nns IN A 192.0.2.1\n'

/** Each makes a text of about `n` pieces. */
const PATTERNS: Readonly<Record<string, (n: number) => string>> = {
  'names side by side': (n) => lines(n, (i) => `n${i} IN A 192.0.2.1`),
  'names below each other': (n) => lines(n, (i) => `${'y.'.repeat(100)}n${i} IN A 192.0.2.1`),
  'records of one RRset': (n) => lines(n, (i) => `a IN A ${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}.1`),
  'one record again and again': (n) => lines(n, () => 'a IN A 192.0.2.1'),
  'types of one name': (n) => lines(n, (i) => `a IN TYPE${256 + (i % 60_000)} \\# 1 00`),
  'SOA again and again': (n) => lines(n, () => '@ IN SOA ns h 1 2 3 4 5'),
  'aliases of aliases': (n) => lines(n, (i) => `c${i} IN CNAME c${i + 1}`),
  'CNAMEs of one name': (n) => lines(n, (i) => `c IN CNAME c${i}`),
  'CNAME beside data': (n) => lines(n, (i) => `c${i} IN CNAME a\nc${i} IN A 192.0.2.1`),
  'services of one name': (n) => lines(n, () => 's IN LB web'),
  'services side by side': (n) => lines(n, (i) => `s${i} IN LB web`),
  'delegations without glue': (n) => lines(n, (i) => `d${i} IN NS ns.d${i}`),
  'servers of one delegation': (n) => lines(n, (i) => `d IN NS ns${i}.d`),
  'names below a DNAME': (n) => `d IN DNAME e\n${lines(n, (i) => `n${i}.d IN A 192.0.2.1`)}`,
  'mail hosts': (n) => lines(n, (i) => `m IN MX ${i & 0xffff} m${i}`),
  'faults on lines of their own': (n) => lines(n, () => 'a IN A x'),
  'faults in one long line': (n) => `a IN TXT ( ${'\\999 '.repeat(n)} )\n`,
  'faulty records in parentheses': (n) => lines(n, () => 'a IN A ( 1.2.3 )'),
  'open parentheses': (n) => lines(n, (i) => `a${i} IN A ( 192.0.2.1`),
  'parentheses within parentheses': (n) => `a IN TXT ${'( '.repeat(n)}\n`,
  'open quotes': (n) => lines(n, () => 'a IN TXT "x'),
  'one long quote': (n) => `a IN TXT "${'x'.repeat(n * 8)}"\n`,
  'one long word': (n) => `${'x'.repeat(n * 8)} IN A 192.0.2.1\n`,
  'one long comment': (n) => `; ${'x'.repeat(n * 8)}\n`,
  'one long TXT': (n) => `a IN TXT ${'"x" '.repeat(n)}\n`,
  'long rdata in hex': (n) => `a IN TYPE65280 \\# ${n * 4} ${'00000000 '.repeat(n)}\n`,
  'blank lines': (n) => ' \n'.repeat(n * 4),
  'carriage returns': (n) => '\r'.repeat(n * 8),
  'NUL bytes': (n) => '\0'.repeat(n * 8),
  backslashes: (n) => `${'\\'.repeat(n * 8)}\n`,
  'files included': (n) => lines(n, () => '$INCLUDE part'),
  'a file that includes itself': (n) => lines(n, () => '$INCLUDE fuzz.test.zone'),
  'origins below each other': (n) => lines(n, () => '$ORIGIN y'),
  'unknown words': (n) => lines(n, (i) => `a IN ${'X'.repeat(i % 200)} 1`),
}

/** Loads each pattern at two lengths, one four times the other, the longer one about `mostBytes` long. */
export function measureGrowth(onText: (text: Uint8Array) => void, mostBytes: number): Finding[] {
  const findings: Finding[] = []
  for (const [name, make] of Object.entries(PATTERNS)) {
    const complaint = judgeGrowth(make, onText, mostBytes)
    if (complaint) findings.push({ complaint: `grows-too-fast: ${complaint}`, input: `zone-growth.ts: ${name}` })
  }
  return findings
}

function judgeGrowth(
  make: (n: number) => string,
  onText: (text: Uint8Array) => void,
  mostBytes: number,
): string | undefined {
  let n = 1
  while (make(n).length < START_BYTES) n *= 2
  const load = (count: number): number => {
    const text = Buffer.from(HEAD + make(count), 'latin1')
    onText(text)
    return leastMs(text)
  }
  load(n)
  let ms = load(n)
  while (ms < LEAST_MS / 4 && make(n).length < mostBytes / 4) ms = load((n *= 2))
  const longMs = load(n * 4)
  if (longMs < LEAST_MS || longMs <= ms * WORST_RATIO) return undefined
  const kilobytes = make(n).length >> 10
  return `${kilobytes} KiB take ${ms.toFixed(0)} ms, four times as much takes ${longMs.toFixed(0)} ms`
}

function leastMs(text: Uint8Array): number {
  let least = Infinity
  for (let left = TRIES; left > 0; left--)
    least = Math.min(
      least,
      cpuMs(() => loadText(text)),
    )
  return least
}

function lines(count: number, line: (i: number) => string): string {
  let text = ''
  for (let i = 0; i < count; i++) text += `${line(i)}\n`
  return text
}
