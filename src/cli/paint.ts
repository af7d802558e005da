// Colour for people, and none for programs: the one place of the command line that knows escape sequences of text.
import { stripVTControlCharacters, styleText } from 'node:util'

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim' | 'inverse'

/** Wraps text in a style, or gives it back as it is where colour is not wanted. */
export type Paint = (style: Style, text: string) => string

export const plainPaint: Paint = (_style, text) => text

/** Colours only for a terminal that can, and by the rules of NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR. */
export function createPaint(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(style, text, { stream })
}

/** The columns that text takes on a terminal, which all of our own characters fill one of. */
export function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length
}

/** Text from elsewhere (a reason, a file name) without anything that could steer the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what must go
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

// eslint-disable-next-line no-control-regex -- the escape sequences that styleText writes
const SEQUENCE_OR_CHARACTER = /\u001b\[[\d;]*m|./gsu

const RESET = '\u001b[0m'

/** At most `columns` columns of a painted line; what is cut off keeps no style open. */
export function clip(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let left = columns
  let styled = false
  let kept = ''
  for (const [part] of line.matchAll(SEQUENCE_OR_CHARACTER)) {
    const isStyle = part.length > 1 && part.startsWith('\u001b')
    if (!isStyle && left-- <= 0) break
    styled ||= isStyle
    kept += part
  }
  return styled ? kept + RESET : kept
}
