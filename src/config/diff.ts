// What a reload changed, in short lines for the log.
import { textOf } from '../director/address-text.ts'
import type { Answerable } from '../snapshot/slot-table.ts'
import type { RoundTrips } from '../steer/steer.ts'
import type { Config } from './config.ts'

/** Longer values are not printed: the line says only that they changed. In characters. */
const MAX_VALUE = 40

const PLAIN = [
  'listen',
  'workers',
  'sockets',
  'zones',
  'state',
  'geo',
  'admin',
  'agent',
  'log',
  'startup',
  'tcp',
  'queryLog',
  'querySample',
  'history',
  'roundTripReports',
  'safety',
] as const
const SETTINGS = ['version', 'server', 'nsid', 'rateLimit', 'cookieSecrets', 'trustedResolvers'] as const
const NAMED = ['monitors', 'regions', 'services'] as const

/** `regions.us-east: weight 5 → 6`, `services.web added`; none when nothing changed. */
export function diffConfig(before: Config, after: Config): string[] {
  const plain = PLAIN.flatMap((key) => diffValue(before[key], after[key]).map((change) => `${key}: ${change}`))
  const settings = SETTINGS.filter((key) => print(before.settings[key]) !== print(after.settings[key]))
  return [
    ...plain,
    ...(sameTimes(before, after) ? [] : ['roundTrips changed']),
    ...(print(before.doubt) === print(after.doubt) ? [] : ['doubt changed']),
    ...settings.map((key) => `${key} changed`),
    ...NAMED.flatMap((section) => diffSection(section, before[section], after[section])),
  ]
}

function sameTimes({ roundTrips: before = NONE }: Config, { roundTrips: after = NONE }: Config): boolean {
  return print([...before]) === print([...after])
}

const NONE: RoundTrips = new Map()

function diffSection(
  section: string,
  before: ReadonlyMap<string, object>,
  after: ReadonlyMap<string, object>,
): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names.flatMap((name) => {
    const [old, young] = [before.get(name), after.get(name)]
    if (!old) return `${section}.${name} added`
    if (!young) return `${section}.${name} removed`
    const changes = diffEntry(old, young)
    return changes.length === 0 ? [] : `${section}.${name}: ${changes.join(', ')}`
  })
}

function diffEntry(before: object, after: object): string[] {
  const [old, young] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  const keys = [...new Set([...old.keys(), ...young.keys()])]
  return keys.flatMap((key) => diffValue(old.get(key), young.get(key), key).map((change) => `${key} ${change}`))
}

function diffValue(before: unknown, after: unknown, key?: string): string[] {
  const [old, young] = [print(before, key), print(after, key)]
  if (old === young) return []
  return [Math.max(old.length, young.length) > MAX_VALUE ? 'changed' : `${old} → ${young}`]
}

/** A region's monitor prints as its name: what changed within it is told where it is defined. */
function print(value: unknown, key?: string): string {
  if (value === undefined) return 'none'
  if (key === 'monitor') return (value as { name: string }).name
  return JSON.stringify(value, (_, part: unknown) => (isAddress(part) ? textOf(part) : part)).replaceAll('"', '')
}

function isAddress(value: unknown): value is Answerable {
  return typeof value === 'object' && value !== null && 'family' in value && 'bytes' in value
}
