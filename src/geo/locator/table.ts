// The table file: an operator's own networks and where they are. One network a line, parts set apart by blanks:
//
//   PREFIX  LATITUDE,LONGITUDE  [COUNTRY]
//   PREFIX  COUNTRY
//
//   # offices                                everything from # on is a comment
//   198.51.100.0/24   38.9,-77.4  US
//   198.51.100.64/26  53.3,-6.3              # inside the former: the longest prefix wins
//   2001:db8::/32     IN                     # a country alone: enough for steps that ask for no distance
//   203.0.113.7       19.1,72.9   IN         # one address
//
// Degrees are decimal, north and east positive; a country is ISO 3166-1 alpha-2 in upper case and tells the continent too.
// What no line covers is unknown. All faults are found at once.
import { readFileSync } from 'node:fs'
import type { Fault } from '../../base/fault.ts'
import { formatPrefix, maskAddress, parsePrefix, type Prefix } from '../../base/prefix.ts'
import { parseAddress } from '../../base/address.ts'
import { continentOf } from '../continent.ts'
import type { Location, Locator, LocatorLoad, Networks } from '../geo.ts'
import { findNetwork } from './find.ts'
import { flattenPrefixes, type PlacedPrefix } from './flatten.ts'

interface Entry {
  readonly prefix: Prefix
  readonly location: Location
}

/** A part of a line; `column` counts from 1. */
interface Word {
  readonly text: string
  readonly column: number
}

type Complain = (column: number, code: string, message: string, hint: string) => void

const LINE_FORMS = 'a line is PREFIX LATITUDE,LONGITUDE [COUNTRY] or PREFIX COUNTRY'

/** Reads and checks the whole file; `file` is absolute. A file that cannot be read is a fault like any other. */
export function openTable(file: string): LocatorLoad {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const message = `the table cannot be read: ${(error as Error).message}`
    return { locator: undefined, faults: [{ code: 'file-unreadable', severity: 'error', place: { file }, message }] }
  }
  const { entries, faults } = parseTable(text, file)
  if (faults.length > 0) return { locator: undefined, faults }
  const locator: Locator = {
    describe: () => `table ${file}: ${entries.length} networks`,
    attribution: undefined,
    read: () => ({ networks: toNetworks(entries) }),
    locate: (address) => findNetwork(toNetworks(entries), address),
  }
  return { locator, faults }
}

function parseTable(text: string, file: string): { entries: readonly Entry[]; faults: readonly Fault[] } {
  const entries: Entry[] = []
  const faults: Fault[] = []
  const lineOf = new Map<string, number>()
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (const [index, content] of lines.entries()) {
    const line = index + 1
    const complain: Complain = (column, code, message, hint) =>
      faults.push({ code, severity: 'error', place: { file, line, column }, message, hint })
    const words = splitLine(content)
    const [first] = words
    if (!first) continue
    const entry = parseEntry(words, first, complain)
    if (entry && isNew(entry.prefix, line, lineOf, first, complain)) entries.push(entry)
  }
  return { entries, faults }
}

function splitLine(content: string): readonly Word[] {
  const words = content.replace(/#.*/s, '').matchAll(/\S+/g)
  return Array.from(words, (match) => ({ text: match[0], column: match.index + 1 }))
}

/** Checks every part, so that a line with two mistakes has two faults. */
function parseEntry(words: readonly Word[], first: Word, complain: Complain): Entry | undefined {
  const prefix = parsePrefixWord(first, complain)
  const location = parseLocation(words.slice(1), first, complain)
  return prefix && location ? { prefix, location } : undefined
}

function parsePrefixWord({ text, column }: Word, complain: Complain): Prefix | undefined {
  const prefix = parsePrefix(text)
  if (!prefix) complain(column, 'bad-prefix', `${text} is no address or prefix`, hintForPrefix(text))
  return prefix
}

/** The most common mistake is bits beyond the prefix length: say what was probably meant. */
function hintForPrefix(text: string): string {
  const [host = '', bits = ''] = text.split('/')
  const address = parseAddress(host)
  const length = /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (!address || length > address.bytes.length * 8) return 'write 192.0.2.0/24, 2001:db8::/32 or a single address'
  return `the address has bits beyond the prefix length: did you mean ${formatPrefix(maskAddress(address, length))}?`
}

function parseLocation(words: readonly Word[], prefix: Word, complain: Complain): Location | undefined {
  const [point, country, extra] = words[0]?.text.includes(',') ? words : [undefined, words[0], words[1]]
  if (extra) complain(extra.column, 'extra-text', `${extra.text} is one part too many`, LINE_FORMS)
  if (!point && !country) complain(prefix.column, 'no-location', `${prefix.text} has no location`, LINE_FORMS)
  const coordinates = point ? parseCoordinates(point, complain) : {}
  const origin = country ? parseCountry(country, complain) : {}
  return coordinates && origin ? { ...coordinates, ...origin } : undefined
}

function parseCoordinates({ text, column }: Word, complain: Complain): Location | undefined {
  const match = /^([+-]?\d{1,3}(?:\.\d+)?),([+-]?\d{1,3}(?:\.\d+)?)$/.exec(text)
  const latitude = Number(match?.[1])
  const longitude = Number(match?.[2])
  if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) return { latitude, longitude }
  const message = match ? `${text} is beyond ±90,±180 degrees` : `${text} is no LATITUDE,LONGITUDE`
  complain(column, 'bad-coordinates', message, 'decimal degrees, latitude first, no blank: 53.3,-6.3')
  return undefined
}

function parseCountry({ text, column }: Word, complain: Complain): Location | undefined {
  const continent = continentOf(text)
  if (continent !== undefined) return { country: text, continent }
  const upper = text.toUpperCase()
  const hint =
    continentOf(upper) === undefined ? 'ISO 3166-1 alpha-2 in upper case, as DE or GB' : `did you mean ${upper}?`
  complain(column, 'bad-country', `${text} is no country code`, hint)
  return undefined
}

function isNew(prefix: Prefix, line: number, lineOf: Map<string, number>, word: Word, complain: Complain): boolean {
  const text = formatPrefix(prefix)
  const earlier = lineOf.get(text)
  if (earlier === undefined) lineOf.set(text, line)
  else complain(word.column, 'duplicate-prefix', `${text} stands in line ${earlier} already`, 'keep one of the two')
  return earlier === undefined
}

function toNetworks(entries: readonly Entry[]): Networks {
  const locations: Location[] = []
  const indexOf = new Map<string, number>()
  const placed = entries.map(({ prefix, location }): PlacedPrefix => {
    const key = `${location.latitude},${location.longitude} ${location.country}`
    const index = indexOf.get(key) ?? locations.push(location) - 1
    indexOf.set(key, index)
    return { prefix, location: index }
  })
  return { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations }
}
