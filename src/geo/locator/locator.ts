// From the configured source of geo data to a locator. Each source is a function that returns one; nothing is read for
// good until `read()`, but what a person may have got wrong is told here or there.
import { filesOf, type GeoSource, type LocatorLoad } from '../geo.ts'
import { placePrivate } from '../private.ts'
import { geoipLiteFiles, openGeoipLite } from './geoip-lite.ts'
import { openMmdb } from './mmdb.ts'
import { openTable } from './table.ts'

/** Opens a source of geo data, or says everything that is wrong with it. */
export function openLocator(source: GeoSource): LocatorLoad {
  const { locator, faults } = openSource(source)
  if (!locator || !source.private) return { locator, faults }
  return { locator: placePrivate(locator, source.private), faults }
}

/** The files that the data stands in. */
export function dataFilesOf(source: GeoSource): readonly string[] {
  return source.source === 'geoip-lite' ? geoipLiteFiles() : filesOf(source)
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
