// The errors of system calls, by the name that people and manuals use.
import { getSystemErrorName } from 'node:util'

export class SystemError extends Error {
  /** `EADDRINUSE` and the like. */
  readonly code: string

  /** `errno` is the positive number that a C library gives. */
  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno)
    super(`${call}: ${code}`)
    this.code = code
  }
}

/** The name in an error of ours or of Node's; anything else is a bug and is thrown again. */
export function systemErrorName(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
