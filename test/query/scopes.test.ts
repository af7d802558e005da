import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLocator } from '../../src/geo/locator/locator.ts'
import { writeCity } from '../support/full-size-mmdb.ts'
import { networksIn } from '../support/networks-in.ts'
import { judgeScopes } from './scopes.ts'

test('scopes are truthful, as wide as they can be, and disjoint: own CIDRs inside the blocks of a city file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-scopes-'))
  const city = join(folder, 'city.mmdb')
  writeFileSync(city, writeCity({ ipv4: 15_000, ipv6: 5000, places: 1000 }))
  const networks = networksIn(openLocator({ source: 'mmdb', city }).locator!)
  rmSync(folder, { recursive: true })
  const verdict = judgeScopes(networks, 8000, 1)
  expect(verdict.wrong).toEqual([])
  expect(verdict.prefixes).toBeGreaterThan(1500)
})
