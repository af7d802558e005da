// What a locator reads, in tests that know it to be sound.
import type { Locator, Networks } from '../../src/geo/geo.ts'

export function networksIn(locator: Locator, asns: readonly number[] = []): Networks {
  const result = locator.read(new Set(asns))
  if ('fault' in result) throw new Error(result.fault.message)
  return result.networks
}
