// How a server knows its users again: the seam between the application and what it remembers. Two ways do the same:
// signed tokens that no server stores (signed-sessions.ts), and a store that all servers share (stored-sessions.ts).

export interface Pass {
  /** Shown with each request. */
  readonly access: string
  /** Gets a new pass when `access` is over; good for one time. */
  readonly refresh: string
  readonly accessLifeMs: number
}

/** Something that a server cannot do without. */
export interface Dependency {
  readonly name: string
  /** Rejects, with the reason, when it is not there. */
  readonly check: () => Promise<unknown>
}

export interface Sessions {
  readonly open: (user: string) => Promise<Pass>
  /** The user; undefined when the pass is not ours, over, or closed. */
  readonly whose: (access: string) => Promise<string | undefined>
  /** A new pass for the old one; undefined when that is not ours, over, closed, or was used before. */
  readonly renew: (refresh: string) => Promise<Pass | undefined>
  /** Ends the login that this pass descends from, everywhere. */
  readonly close: (access: string) => Promise<void>
  readonly dependencies: readonly Dependency[]
}

export interface Lives {
  readonly accessMs: number
  readonly refreshMs: number
}

export const USUAL_LIVES: Lives = { accessMs: 5 * 60_000, refreshMs: 24 * 3_600_000 }

/** Rejects when the session store cannot be asked. */
export class StoreTrouble extends Error {}
