// Recovery ramps: a region that comes back gets its share again little by little, no faster than users may move. When that
// begins and how long it takes is told once it is known; until then it is as long as it could be. Going down is never ramped.
export class RecoveryRamps {
  readonly #ramps = new Map<string, { readonly from: number; readonly overMs: number }>()

  /** Its ramp begins then and takes so long, in the place of another. Wall-clock ms. */
  begin(region: string, from: number, overMs: number, now: number): void {
    if (now >= from + overMs) this.#ramps.delete(region)
    else this.#ramps.set(region, { from, overMs })
  }

  /** It went down, or is no more. */
  end(region: string): void {
    this.#ramps.delete(region)
  }

  has(region: string): boolean {
    return this.#ramps.has(region)
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
    const steps = Array.from(this.#ramps.values(), ({ from, overMs }) => {
      return Math.max(from, now + Math.min(1000, Math.max(50, overMs / 200)))
    })
    return Math.min(Infinity, ...steps)
  }
}

/** From the first moment on it takes a little: it is no region that is drained. */
const LEAST = 0.005
