// The clock that processes of one machine share, so that a fault made in one and an answer seen in another compare.

/** Monotonic milliseconds, of one origin in every process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Looks every 10 ms until something is there, and gives it; throws when it does not come in time. */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  timeoutMs = 5000,
): Promise<Value> {
  const deadline = monotonicMs() + timeoutMs
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    if (monotonicMs() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await sleep(10)
  }
}
