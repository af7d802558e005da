// From the configured source of geo data to a locator. Each source is a function that returns one; nothing is read for
// good until `read()`, but everything that a person may have got wrong is told here.
import type { GeoSource, LocatorLoad } from '../geo.ts'
import { openGeoipLite } from './geoip-lite.ts'
import { openTable } from './table.ts'

/** Opens a source of geo data, or says everything that is wrong with it. */
export function openLocator(source: GeoSource): LocatorLoad {
  switch (source.source) {
    case 'geoip-lite':
      return openGeoipLite()
    case 'table':
      return openTable(source.file)
  }
}
