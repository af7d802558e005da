// Which files of a folder are zones.
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Ends the name of a master file; what stands before it is the zone's first origin. */
export const ZONE_EXTENSION = '.zone'

/** Absolute paths of the folder's `*.zone` files, sorted. Throws what the file system says when it cannot be read. */
export function findZoneFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith(ZONE_EXTENSION) && !entry.name.startsWith('.'))
    .map((entry) => join(resolve(folder), entry.name))
    .sort()
}
