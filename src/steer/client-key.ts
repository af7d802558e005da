// The keys by which a fence or a map names clients: own CIDR, ASN, country, continent, or unknown. A text is read once,
// where the config comes in, into one canonical form; a client is then matched by looking up the keys that fit it, the
// narrowest first. Whether a country exists is config's to know.
import { formatPrefix, parsePrefix } from '../base/prefix.ts'
import type { Client } from './steer.ts'

/** A key in canonical form, or what is wrong with the text. */
export type ReadClientKey = { readonly key: string } | { readonly message: string; readonly hint: string }

/** Clients of whom neither country nor continent is known, and whom no narrower key names. */
export const UNKNOWN = 'unknown'

const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']

/** Codes of a continent that are a country's too: Afghanistan, American Samoa, Namibia, Saudi Arabia. */
const AMBIGUOUS = ['AF', 'AS', 'NA', 'SA']

const MAX_ASN = 2 ** 32 - 1

const FORMS = 'write a CIDR prefix, AS64500, DE, EU(continent) or unknown'

/** `192.0.2.0/24`, `AS64500`, `DE`, `NA(country)`, `EU(continent)`, `unknown`. */
export function readClientKey(text: string): ReadClientKey {
  if (text === UNKNOWN) return { key: UNKNOWN }
  const [, code, kind] = /^([A-Z]{2})(?:\((country|continent)\))?$/.exec(text) ?? []
  if (code !== undefined) return readPlace(code, kind)
  const [, asn] = /^AS(\d{1,10})$/.exec(text) ?? []
  if (asn !== undefined && Number(asn) <= MAX_ASN) return { key: `AS${Number(asn)}` }
  const prefix = parsePrefix(text)
  if (prefix) return { key: formatPrefix(prefix) }
  const upper = text.toUpperCase()
  const hint = text !== upper && 'key' in readClientKey(upper) ? `write ${upper}` : FORMS
  return { message: 'names no clients', hint }
}

function readPlace(code: string, kind: string | undefined): ReadClientKey {
  const isContinent = CONTINENTS.includes(code)
  if (kind === 'continent' && !isContinent)
    return { message: 'is no continent', hint: `known are ${CONTINENTS.join(', ')}` }
  if (kind === 'continent') return { key: `${code}(continent)` }
  if (kind === undefined && AMBIGUOUS.includes(code)) {
    return { message: 'is a country and a continent', hint: `write ${code}(country) or ${code}(continent)` }
  }
  if (isContinent && !AMBIGUOUS.includes(code)) return { message: 'is no country', hint: `write ${code}(continent)` }
  return { key: code }
}

/** The CIDR prefixes among keys, in canonical form. */
export function prefixesIn(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => key.includes('/'))
}

/** The ASNs among keys in canonical form. */
export function asnsIn(keys: readonly string[]): readonly number[] {
  return keys.filter((key) => /^AS\d/.test(key)).map((key) => Number(key.slice(2)))
}

/** Whether matching the key needs to know where clients are, beyond their address. */
export function needsGeo(key: string): boolean {
  return key !== UNKNOWN && !key.includes('/')
}

/** What is said of a client by the narrowest key that fits: own CIDR, then ASN, country, continent, unknown. */
export function findEntry<T>(
  entries: Readonly<Record<string, T>>,
  client: Client,
): { readonly key: string; readonly value: T } | undefined {
  const key = keysOf(client).find((each) => Object.hasOwn(entries, each))
  return key === undefined ? undefined : { key, value: entries[key]! }
}

function keysOf({ prefixes = [], asn, country, continent }: Client): readonly string[] {
  return [
    ...prefixes,
    ...(asn === undefined ? [] : [`AS${asn}`]),
    ...(country === undefined ? [] : [country]),
    ...(continent === undefined ? [] : [`${continent}(continent)`]),
    ...(country === undefined && continent === undefined ? [UNKNOWN] : []),
  ]
}
