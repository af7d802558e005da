// From the configured source of geo data to a locator. Each source is a function that returns one; nothing is read for
// good until `read()`, but what a person may have got wrong is told here or there.
import type { GeoSource, LocatorLoad } from '../geo.ts'
import { placePrivate } from '../private.ts'
import { openGeoipLite } from './geoip-lite.ts'
import { openMmdb } from './mmdb.ts'
import { openTable } from './table.ts'

/** Opens a source of geo data, or says everything that is wrong with it. */
export function openLocator(source: GeoSource): LocatorLoad {
  const { locator, faults } = openSource(source)
  if (!locator || !source.private) return { locator, faults }
  return { locator: placePrivate(locator, source.private), faults }
}

function openSource(source: GeoSource): LocatorLoad {
  switch (source.source) {
    case 'geoip-lite':
      return openGeoipLite()
    case 'table':
      return openTable(source.file)
    case 'mmdb':
      return openMmdb(source)
  }
}
