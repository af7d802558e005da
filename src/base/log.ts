// The log: one JSON line an event by pino, written on the main thread only. Threads report by message or shared memory.
import pino, { type Logger } from 'pino'

export type { Logger }

/** Lines that a slow or absent reader makes us hold, in bytes, before further ones are dropped (and counted). */
const MAX_BUFFERED_BYTES = 1 << 20

export interface Log {
  readonly logger: Logger
  /** Lines dropped because nobody reads the pipe. */
  readonly dropped: () => number
}

export function createLog(level: string, fd = 2): Log {
  let dropped = 0
  const destination = pino.destination({ fd, sync: false, maxLength: MAX_BUFFERED_BYTES })
  destination.on('drop', () => dropped++)
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return { logger, dropped: () => dropped }
}
