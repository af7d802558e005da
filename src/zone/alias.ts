// ALIAS: a name that answers the addresses of another, at an apex too, where no CNAME may stand. It is bound like LB, to a
// "service" that is no configured one: its name says the target and the TTL, and has a blank, which no service's name has.
// Who finds the addresses is director/aliases.ts.

export interface Alias {
  /** Presentation form, lower-cased, with the final dot. */
  readonly target: string
  /** What the answers' TTL is capped by, seconds. */
  readonly ttl: number
}

const WORD = 'ALIAS '

/** `ALIAS 300 target.example.net.` */
export function aliasService({ target, ttl }: Alias): string {
  return `${WORD}${ttl} ${target}`
}

/** What `aliasService` was given; undefined for the name of a configured service. */
export function aliasOf(service: string): Alias | undefined {
  if (!service.startsWith(WORD)) return undefined
  const blank = service.indexOf(' ', WORD.length)
  return { target: service.slice(blank + 1), ttl: Number(service.slice(WORD.length, blank)) }
}
