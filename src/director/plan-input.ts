// What a plan image is made of, put together from what the director holds: every service and ALIAS as an image has it, which
// of them each name is bound to, and where its answers are counted. What stays from image to image is worked out once.
import { randomBytes } from 'node:crypto'
import { formatName } from '../dns/name.ts'
import { PICKS, placeService, type PlacedService, type PlanBinding, type PlanInput } from '../snapshot/plan-image.ts'
import type { Settings } from '../snapshot/settings.ts'
import type { Binding } from '../snapshot/zone-image.ts'
import { aliasOf } from '../zone/alias.ts'
import { planAliases } from './alias-rows.ts'
import type { AliasAnswers } from './aliases.ts'
import type { PlaceBook } from './place-book.ts'
import type { PlanBook } from './plan-book.ts'

/** What of a committed change an image depends on. */
export interface ImageParts {
  readonly settings: Settings
  readonly bindings: readonly Binding[]
  readonly clientMaps: readonly { readonly offset: number }[]
}

const COOKIE_SECRET_BYTES = 16

/** All ALIAS names count together: they have one slot, and no regions. */
const ALIAS_PLACE = 'ALIAS'

export class PlanInputs {
  readonly #picks: PlaceBook
  readonly #tallies: PlaceBook
  readonly #aliases: AliasAnswers
  readonly #ownSecret = randomBytes(COOKIE_SECRET_BYTES)
  /** ALIAS names as they were last laid out. */
  #placed: { readonly of: readonly Binding[]; readonly services: readonly PlacedService[] } | undefined
  #bound:
    { readonly of: PlanBook; readonly to: readonly PlacedService[]; readonly list: readonly PlanBinding[] } | undefined

  constructor(picks: PlaceBook, tallies: PlaceBook, aliases: AliasAnswers) {
    this.#picks = picks
    this.#tallies = tallies
    this.#aliases = aliases
  }

  /** Addresses of ALIAS targets changed since the last image. */
  get isStale(): boolean {
    return this.#placed === undefined
  }

  /** Addresses of ALIAS targets have changed. */
  forgetAliases(): void {
    this.#placed = undefined
  }

  make({ settings, bindings, clientMaps }: ImageParts, book: PlanBook): PlanInput {
    const aliases = this.#placeAliases(bindings)
    const services = [...book.place(), ...aliases]
    return {
      settings: { ...settings, cookieSecrets: this.#cookieSecrets(settings) },
      services,
      bindings: this.#bind(bindings, services, book, aliases),
      clientMaps: clientMaps.map(({ offset }) => offset),
    }
  }

  #bind(
    bindings: readonly Binding[],
    services: readonly PlacedService[],
    book: PlanBook,
    aliases: readonly PlacedService[],
  ): readonly PlanBinding[] {
    if (this.#bound?.of === book && this.#bound.to === aliases) return this.#bound.list
    const index = new Map(services.map(({ name }, i) => [name, i]))
    const list = bindings.map(({ owner, service }): PlanBinding => {
      const position = index.get(service)!
      const key = aliasOf(service) ? ALIAS_PLACE : `${formatName(owner)} ${service}`
      return { service: position, picks: this.#picks.place(key, services[position]!.classes * PICKS) }
    })
    this.#bound = { of: book, to: aliases, list }
    return list
  }

  /** Where queries of a service's classes are counted, as names are bound: the first place of each name. */
  picksOf(service: string, bindings: readonly Binding[], classes: number): readonly number[] {
    return bindings.flatMap(({ owner, service: own }) =>
      own === service ? [this.#picks.place(`${formatName(owner)} ${service}`, classes * PICKS)] : [],
    )
  }

  #placeAliases(bindings: readonly Binding[]): readonly PlacedService[] {
    if (this.#placed?.of === bindings) return this.#placed.services
    const tally = this.#tallies.place(ALIAS_PLACE, 1)
    const services = planAliases(bindings, this.#aliases).map((service) => placeService(service, () => tally))
    this.#placed = { of: bindings, services }
    return services
  }

  /** Without a configured secret one is made up, and kept as long as this process runs. */
  #cookieSecrets({ cookieSecrets }: Settings): readonly Uint8Array[] {
    return cookieSecrets.length > 0 ? cookieSecrets : [this.#ownSecret]
  }
}
