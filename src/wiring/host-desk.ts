// Host names of a running director: targets of ALIAS records and balancers that are names, resolved and kept fresh, and the
// targets of probes that come of them. What other addresses change is the owner's affair: it is told.
import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import { aliasTargets } from '../director/alias-rows.ts'
import { AliasResolver, type AliasAnswers, type AliasReport, type AskAddresses } from '../director/aliases.ts'
import { hostNames } from '../director/answerers.ts'
import { createAsker } from '../director/ask-addresses.ts'
import type { Prepared } from '../director/preparation.ts'
import type { Region } from '../director/service.ts'
import type { Target } from '../health/health.ts'
import { formatEndpoint } from '../server/listen-fault.ts'
import { TargetBook } from './targets.ts'

export interface HostDeskOptions {
  readonly clock: Clock
  readonly aliases: Config['aliases']
  /** Addresses are other than before. */
  readonly onChange: () => void
  readonly tell: (level: 'warn', text: string) => void
}

export class HostDesk {
  readonly #options: HostDeskOptions
  readonly #resolver: AliasResolver
  readonly #targets: TargetBook

  constructor(options: HostDeskOptions) {
    const { clock, aliases, onChange, tell } = options
    this.#options = options
    this.#resolver = new AliasResolver({
      ...{ clock, onChange },
      ...{ ask: askerOf(aliases), maxStaleMs: aliases.maxStaleMs },
      onTrouble: (what) => tell('warn', what),
    })
    this.#targets = new TargetBook(this.answers)
  }

  /** What names resolve to at this moment. */
  readonly answers: AliasAnswers = (target) => this.#resolver.answer(target)

  get report(): readonly AliasReport[] {
    return this.#resolver.report()
  }

  /** What is to be probed of these regions now. */
  targetsOf(regions: Iterable<Region>): { readonly targets: readonly Target[]; readonly isChanged: boolean } {
    return this.#targets.look(regions)
  }

  /** Addresses of names before they are answered, as far as they come in time; the others answer SERVFAIL. */
  async resolve(names: ReadonlySet<string>, { aliases, startup }: Config): Promise<void> {
    this.#resolver.configure({ ask: askerOf(aliases), maxStaleMs: aliases.maxStaleMs })
    const missing = await this.tryFirst(names, startup.deadlineMs)
    const what = 'host names (ALIAS targets, balancers) are not yet resolved'
    if (missing > 0) this.#options.tell('warn', `${missing} ${what}`)
  }

  /** Asks for names that nobody asked for yet, by the settings that hold. Gives how many did not come in time. */
  async tryFirst(names: ReadonlySet<string>, deadlineMs: number): Promise<number> {
    this.#resolver.include(names)
    return await this.#resolver.firstRound(deadlineMs)
  }

  /** Forgets all others. */
  retain(names: ReadonlySet<string>): void {
    this.#resolver.retain(names)
  }

  stop(): void {
    this.#resolver.stop()
  }
}

function askerOf({ resolvers }: Config['aliases']): AskAddresses {
  return createAsker(resolvers.map(formatEndpoint))
}

/** Targets of ALIAS records, and balancers that are host names. */
export function namesToResolve({ zones }: Prepared, { regions }: Config): ReadonlySet<string> {
  return new Set([...aliasTargets(zones.bindings), ...hostNames(regions.values())])
}
