// Where the data of a source stands, for who looks whether it is still what was read. Apart from locator.ts, which loads what
// reading takes.
import { filesOf, type GeoSource } from '../geo.ts'
import { geoipLiteFiles } from './geoip-lite.ts'

export function dataFilesOf(source: GeoSource): readonly string[] {
  return source.source === 'geoip-lite' ? geoipLiteFiles() : filesOf(source)
}
