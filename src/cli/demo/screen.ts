// Draws lines in place on a terminal, on its second screen, and gives the terminal back as it was.
import type { WriteStream } from 'node:tty'

const OPEN = '\u001b[?1049h\u001b[?25l'
const CLOSE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE_END = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

export interface Screen {
  readonly draw: (lines: readonly string[]) => void
  /** Gives the terminal back. May be called twice. */
  readonly close: () => void
}

/** Takes the terminal over until `close`, or until the process ends in whatever way lets it say good-bye. */
export function openScreen(output: WriteStream): Screen {
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    process.off('exit', close)
    output.write(CLOSE)
  }
  process.on('exit', close)
  output.write(OPEN)
  return {
    draw: (lines) => {
      if (open) output.write(HOME + lines.map((line) => line + CLEAR_LINE_END).join('\r\n') + CLEAR_BELOW)
    },
    close,
  }
}
