// The revocation list: what was closed before its time, for as long as it would have lived. Each server keeps its own and
// pulls those of its peers (`GET /internal/revocations`), so that a logout is known everywhere a pull later; a peer that is
// away costs nothing but that. Between the two an access token lives on, which is why it is short-lived.

/** An identifier (`sid` of a login, `jti` of a used refresh token), and until when it must be remembered: ms since 1970. */
export type Revocation = readonly [id: string, until: number]

export class Revocations {
  readonly #until = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  has(id: string): boolean {
    return (this.#until.get(id) ?? 0) > this.#now()
  }

  add(id: string, until: number): void {
    this.#until.set(id, until)
  }

  /** What still counts. */
  list(): Revocation[] {
    for (const [id, until] of this.#until) if (until <= this.#now()) this.#until.delete(id)
    return [...this.#until]
  }

  /** Gives what could not be pulled, as lines for people. `peers`: `http://10.0.0.2:3001`. */
  async pull(peers: readonly string[]): Promise<string[]> {
    const pulled = await Promise.allSettled(peers.map((peer) => this.#pullOne(peer)))
    return pulled.flatMap((result, i) =>
      result.status === 'rejected' ? [`${peers[i]!}: ${String(result.reason)}`] : [],
    )
  }

  async #pullOne(peer: string): Promise<void> {
    const response = await fetch(new URL('/internal/revocations', peer), { signal: AbortSignal.timeout(1000) })
    if (!response.ok) throw new Error(`HTTP status ${response.status}`)
    for (const [id, until] of (await response.json()) as Revocation[]) this.add(id, until)
  }
}
