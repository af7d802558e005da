// The words between owner and rdata, looked up without making a string: a million records hold two million of them.
import { formatClass, formatType, CLASS, parseClass, parseType, TYPE } from '../dns/types.ts'
import type { Tokens } from '../dns/tokens.ts'

export interface Word {
  readonly kind: 'type' | 'class'
  readonly number: number
}

/** Six letters at five bits each still fit a small integer. */
const MAX_PACKED_LETTERS = 6

const packed: ReadonlyMap<number, Word> = new Map(
  [
    ...Object.values(TYPE).map((number): [string, Word] => [formatType(number), { kind: 'type', number }]),
    ...Object.values(CLASS).map((number): [string, Word] => [formatClass(number), { kind: 'class', number }]),
  ]
    .filter(([word]) => word !== 'ANY')
    .map(([word, value]): [number, Word] => [pack(new TextEncoder().encode(word), 0, word.length), value])
    .filter(([key]) => key !== 0),
)

/** The current token as a type or a class; undefined when it is neither. */
export function readWord(tokens: Tokens): Word | undefined {
  const key = tokens.quoted ? 0 : pack(tokens.bytes, tokens.start, tokens.end)
  return packed.get(key) ?? readRareWord(tokens)
}

/** Words with digits, as TYPE65280 and NSEC3. */
function readRareWord(tokens: Tokens): Word | undefined {
  const text = tokens.text()
  const type = parseType(text)
  if (type !== undefined) return { kind: 'type', number: type }
  const number = parseClass(text)
  return number === undefined ? undefined : { kind: 'class', number }
}

/** Letters of either case as one integer; 0 when there are too many or something else is among them. */
function pack(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > MAX_PACKED_LETTERS) return 0
  let key = 0
  for (let i = start; i < end; i++) {
    const letter = (bytes[i]! | 0x20) - 0x60
    if (letter < 1 || letter > 26) return 0
    key = (key << 5) | letter
  }
  return key
}
