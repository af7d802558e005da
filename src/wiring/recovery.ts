// Recovery ramps: a region that comes back gets its share again little by little, no faster than users may move. How long
// that takes is told once it is known; until then it is as long as it could be. Going down is never ramped.
export class RecoveryRamps {
  readonly #ramps = new Map<string, { readonly from: number; readonly overMs: number }>()

  /** It came back; or, while it does, its ramp takes so long. */
  begin(region: string, now: number, overMs: number): void {
    const from = this.#ramps.get(region)?.from ?? now
    if (now >= from + overMs) this.#ramps.delete(region)
    else this.#ramps.set(region, { from, overMs })
  }

  /** It went down, or is no more. */
  end(region: string): void {
    this.#ramps.delete(region)
  }

  /** What each leaves of its region's share: 0 to 1. Those that are over are let go. */
  partsAt(now: number): ReadonlyMap<string, number> {
    for (const [region, { from, overMs }] of this.#ramps) if (now >= from + overMs) this.#ramps.delete(region)
    return new Map(
      Array.from(this.#ramps, ([region, { from, overMs }]) => [region, Math.max(LEAST, (now - from) / overMs)]),
    )
  }

  /** The next moment at which parts are others; Infinity when none. */
  turnsAt(now: number): number {
    const steps = Array.from(this.#ramps.values(), ({ overMs }) => now + Math.min(1000, Math.max(50, overMs / 200)))
    return Math.min(Infinity, ...steps)
  }
}

/** From the first moment on it takes a little: it is no region that is drained. */
const LEAST = 0.005
