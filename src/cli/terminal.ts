// Where a command's words go: what was asked for to one stream, complaints to the other.
import { createPaint, type Paint } from './paint.ts'

export interface Terminal {
  /** Writes what was asked for. Text carries its own line breaks, here and below. */
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
  /** For what is printed. */
  readonly paint: Paint
  /** For complaints. */
  readonly paintComplaint: Paint
}

/** A reader that goes away early (`| head`) is no failure: what it does not want is not written. */
export function createTerminal(output: NodeJS.WritableStream, errors: NodeJS.WritableStream): Terminal {
  for (const stream of [output, errors]) stream.on('error', ignoreClosedPipe)
  return {
    print: (text) => void output.write(text),
    complain: (text) => void errors.write(text),
    paint: createPaint(output),
    paintComplaint: createPaint(errors),
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
