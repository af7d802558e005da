import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findZoneFiles } from '../../src/zone/find.ts'
import { loadZone } from '../../src/zone/load.ts'
import { HEAD } from './zone-text.ts'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zones-'))
  for (const name of ['b.zone', 'a.zone', '.hidden.zone', 'notes.txt']) writeFileSync(join(folder, name), HEAD)
  mkdirSync(join(folder, 'folder.zone'))
})

afterAll(() => rmSync(folder, { recursive: true }))

test('finds the zone files of a folder, sorted', () => {
  expect(findZoneFiles(folder)).toEqual([join(folder, 'a.zone'), join(folder, 'b.zone')])
})

test('loads from the file system, and cannot always', () => {
  const load = loadZone(join(folder, 'a.zone'), { services: new Set() })
  expect(load.zone?.file).toBe(join(folder, 'a.zone'))
  expect(load.files).toEqual([join(folder, 'a.zone')])
  const missing = loadZone(join(folder, 'c.zone'), { services: new Set() })
  expect(missing.zone).toBeUndefined()
  expect(missing.files).toEqual([])
  expect(missing.faults.map(({ code }) => code)).toEqual(['cannot-read'])
})
