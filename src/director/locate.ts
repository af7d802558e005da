// Where the geo data places one address, for explain. The director keeps client classes only, so the data is opened anew in a
// build worker; nobody asks this in a hurry, and no query does.
import type { Address } from '../base/address.ts'
import type { FoundLocation, GeoSource } from '../geo/geo.ts'
import { openLocator } from '../geo/locator/locator.ts'

export interface LocateInput {
  readonly source: GeoSource
  readonly address: Address
}

export function locate({ source, address }: LocateInput): FoundLocation | undefined {
  return openLocator(source).locator?.locate(address)
}
