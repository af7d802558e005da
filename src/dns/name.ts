// Domain names. A name is a value: lower-cased, uncompressed wire bytes, made here from presentation text and printed
// here. Names inside rdata keep their case (`scanName` does not fold it). Compressed names of a message: compression.ts.
import { isDigit, readEscape } from './escape.ts'
import { Writer } from './writer.ts'

/** A domain name as a value: lower-cased, uncompressed wire bytes, the root label included. */
export type Name = Uint8Array

/** RFC 1035 §2.3.4. */
export const MAX_LABEL_BYTES = 63
export const MAX_NAME_BYTES = 255

export const ROOT: Name = Uint8Array.of(0)

/** Why text is not a name. */
export type NameProblem = 'empty-label' | 'label-too-long' | 'name-too-long' | 'bad-escape'

/** One sentence for each problem, without a full stop. */
export const NAME_PROBLEMS: Readonly<Record<NameProblem, string>> = {
  'empty-label': 'a label is empty',
  'label-too-long': `a label is longer than ${MAX_LABEL_BYTES} bytes`,
  'name-too-long': `the name is longer than ${MAX_NAME_BYTES} bytes`,
  'bad-escape': 'a backslash is followed by neither a character nor three digits up to 255',
}

const DOT = 0x2e
const AT_SIGN = 0x40
const BACKSLASH = 0x5c
const UPPER_A = 0x41
const UPPER_Z = 0x5a

/** Reads presentation text; without a final dot it is relative to `origin`, and `@` is the origin itself. */
export function parseName(text: string, origin: Name = ROOT): Name | NameProblem {
  const bytes = new TextEncoder().encode(text)
  const out = new Writer(MAX_NAME_BYTES)
  return scanName(bytes, 0, bytes.length, origin, out) ?? foldCase(out.slice())
}

/** Appends the name written in `text` from `start` to `end`, in wire form with its case kept; nothing when it is none. */
export function scanName(
  text: Uint8Array,
  start: number,
  end: number,
  origin: Uint8Array,
  out: Writer,
): NameProblem | undefined {
  const mark = out.length
  if (end - start === 1 && (text[start] === DOT || text[start] === AT_SIGN)) {
    out.copy(text[start] === DOT ? ROOT : origin)
    return undefined
  }
  const bytes = out.reserve(MAX_NAME_BYTES + 1)
  let label = mark
  let at = mark + 1
  for (let i = start; i < end; i++) {
    let byte = text[i]!
    if (byte === DOT) {
      if (at - label === 1) return 'empty-label'
      bytes[label] = at - label - 1
      label = at++
      if (at - mark > MAX_NAME_BYTES) return 'name-too-long'
      continue
    }
    if (byte === BACKSLASH) {
      byte = readEscape(text, i, end)
      if (byte < 0) return 'bad-escape'
      i += isDigit(text[i + 1]!) ? 3 : 1
    }
    if (at - label > MAX_LABEL_BYTES) return 'label-too-long'
    if (at - mark >= MAX_NAME_BYTES) return 'name-too-long'
    bytes[at++] = byte
  }
  return closeName(bytes, mark, label, at, origin, out)
}

/** The name as RFC 1035 §5.1 text with its final dot; `wire` may be any uncompressed name, at `at`. */
export function formatName(wire: Uint8Array, at = 0): string {
  if (wire[at] === 0) return '.'
  let text = ''
  for (let length = wire[at]!; length !== 0; at += length + 1, length = wire[at]!) {
    for (let i = at + 1; i <= at + length; i++) text += LABEL_TEXT[wire[i]!]!
    text += '.'
  }
  return text
}

/** The labels of a name from the left, without the root. */
export function labelsOf(name: Name): Uint8Array[] {
  const labels: Uint8Array[] = []
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels.push(name.subarray(at + 1, at + 1 + name[at]!))
  return labels
}

/** The name one label up; undefined for the root. */
export function parentOf(name: Name): Name | undefined {
  return name[0] === 0 ? undefined : name.subarray(name[0]! + 1)
}

/** Bytes of the uncompressed name at `at`, its root label included. */
export function nameLength(wire: Uint8Array, at = 0): number {
  let end = at
  while (wire[end] !== 0) end += wire[end]! + 1
  return end + 1 - at
}

export function sameName(a: Name, b: Name): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** True when `name` is `ancestor` or stands below it. */
export function isSubdomain(name: Name, ancestor: Name): boolean {
  let rest: Name | undefined = name
  while (rest !== undefined && rest.length > ancestor.length) rest = parentOf(rest)
  return rest !== undefined && sameName(rest, ancestor)
}

/** Canonical order: by label from the right, each as bytes (RFC 4034 §6.1). */
export function compareNames(a: Name, b: Name): number {
  const left = labelsOf(a).reverse()
  const right = labelsOf(b).reverse()
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = Buffer.compare(left[i]!, right[i]!)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Lower-cases ASCII letters in place, from `start` to `end`. Length bytes are below `A`, so whole names may be given. */
export function foldCase(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte >= UPPER_A && byte <= UPPER_Z) bytes[i] = byte | 0x20
  }
  return bytes
}

/** Ends the name after its last label: with the root if a dot came before, with the origin if not. */
function closeName(
  bytes: Uint8Array,
  mark: number,
  label: number,
  at: number,
  origin: Uint8Array,
  out: Writer,
): NameProblem | undefined {
  const isAbsolute = at - label === 1 && label > mark
  if (!isAbsolute && at - label === 1) return 'empty-label'
  if (!isAbsolute && at - mark + origin.length > MAX_NAME_BYTES) return 'name-too-long'
  bytes[label] = at - label - 1
  out.length = at
  if (!isAbsolute) out.copy(origin)
  return undefined
}

/** How each byte of a label is printed: characters with a meaning in master files are escaped. */
const LABEL_TEXT: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, '0')}`
  return '.\\";()@$'.includes(character) ? `\\${character}` : character
})
