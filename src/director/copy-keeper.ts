// Keeps the last good versions of zones that were committed, in a build worker behind what answers. Only what changed since
// this process kept it is read again.
import type { Fault } from '../base/fault.ts'
import { Turns } from '../base/turns.ts'
import { runBuild } from './build.ts'
import { sameSources, type ZoneSources } from './keep-copies.ts'
import { copyFault } from './last-good.ts'
import type { Prepared } from './preparation.ts'

export class CopyKeeper {
  /** Whose copies were kept by this process, by zone file. */
  readonly #kept = new Map<string, ZoneSources>()
  readonly #turns = new Turns()

  /** Keeps those of a committed change, and gives the warnings. Never rejects. */
  keep(prepared: Prepared): Promise<readonly Fault[]> {
    return this.#turns
      .take(() => this.#keepChanged(prepared))
      .catch((error: unknown) => [copyFault('kept', prepared.config.zones, error)])
  }

  /** Resolves when those that were asked for are kept. */
  over(): Promise<void> {
    return this.#turns.over()
  }

  async #keepChanged({ config, zones }: Prepared): Promise<readonly Fault[]> {
    const changed = zones.sources.filter((sources) => !sameSources(sources, this.#kept.get(sources.zoneFile)))
    if (changed.length === 0) return []
    const built = await runBuild('copies', { folder: config.zones, state: config.state, zones: changed })
    const kept = new Set(built.kept)
    for (const sources of changed) if (kept.has(sources.zoneFile)) this.#kept.set(sources.zoneFile, sources)
    return built.faults
  }
}
