// What is wrong with something that a person wrote, as a value: a code, a place and a hint. Never thrown.

/** `line` and `column` count from 1. A fault without a line concerns the whole file. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

export interface Fault {
  /** Kebab-case, stable: programs match on it. */
  readonly code: string
  /** Errors refuse the file; warnings are told and served. */
  readonly severity: 'error' | 'warning'
  readonly place: Place
  /** One sentence, without a full stop: what is wrong. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

export function isError(fault: Fault): boolean {
  return fault.severity === 'error'
}

/** `file:line:column`, as editors and terminals link it. */
export function formatPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(':')
}

/** One line: `zones/a.zone:3:7: error: message (hint) [code]`. */
export function formatFault({ place, severity, message, hint, code }: Fault): string {
  return `${formatPlace(place)}: ${severity}: ${message}${hint === undefined ? '' : ` (${hint})`} [${code}]`
}

/** In the order of reading: by file, then line, then column. */
export function compareFaults(a: Fault, b: Fault): number {
  return (
    a.place.file.localeCompare(b.place.file) ||
    (a.place.line ?? 0) - (b.place.line ?? 0) ||
    (a.place.column ?? 0) - (b.place.column ?? 0)
  )
}

/** The known word nearest to a mistyped one (edit distance at most a third of its length), for hints. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Optimal string alignment: insertions, deletions, substitutions and swapped neighbours count one each. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        next[j] = Math.min(next[j]!, before[j - 2]! + 1)
      }
    }
    before = row
    row = next
  }
  return row[b.length]!
}
