// Names: those that sections give to their entries, and those by which entries point at each other. Works on the raw
// document, so that a fault elsewhere in an entry hides nothing here, and a broken entry still counts as defined.
// Names inside steer lists are steer's to check (checks.ts).
import type { Path } from './document.ts'
import { didYouMean, misspelt } from './explain.ts'
import { formatPath, isMapping, valueAt, type Finding } from './finding.ts'
import { configRows } from './rows.ts'
import { isName } from './schema.ts'

export type Section = 'monitors' | 'regions' | 'services'

interface Reference {
  /** `*` stands for every key or index. */
  readonly from: Path
  readonly to: readonly Section[]
  /** Words that are no names. */
  readonly besides: readonly string[]
}

const FALLBACK_WORDS = ['all', 'none']

const REFERENCES: readonly Reference[] = [
  { from: ['regions', '*', 'monitor'], to: ['monitors'], besides: [] },
  { from: ['doubt', 'monitor'], to: ['monitors'], besides: [] },
  { from: ['doubt', 'beacons', '*', 'monitor'], to: ['monitors'], besides: [] },
  { from: ['monitors', '*', 'of', '*'], to: ['monitors'], besides: [] },
  { from: ['services', '*', 'regions', '*'], to: ['regions', 'services'], besides: [] },
  { from: ['services', '*', 'fallback'], to: ['regions'], besides: FALLBACK_WORDS },
]

/** Bad names, and names of nothing. */
export function checkReferences(document: unknown): Finding[] {
  return [
    ...(['monitors', 'regions', 'services'] as const).flatMap((section) => checkNames(document, section)),
    ...REFERENCES.flatMap((reference) => checkReference(document, reference)),
    ...checkCircles(document),
  ]
}

/** Calculated monitors that rest on themselves, each told at the child that leads back. */
function checkCircles(document: unknown): Finding[] {
  const childrenOf = (name: string) => pathsLike(document, ['monitors', name, 'of', '*'])
  const leadsTo = (from: string, goal: string, seen: Set<string>): boolean => {
    if (from === goal) return true
    if (seen.has(from)) return false
    seen.add(from)
    return childrenOf(from).some((path) => leadsTo(String(valueAt(document, path)), goal, seen))
  }
  return (namesIn(document, 'monitors') ?? []).flatMap((name) =>
    childrenOf(name)
      .filter((path) => leadsTo(String(valueAt(document, path)), name, new Set()))
      .map((path): Finding => {
        const message = `\`${formatPath(path)}\` leads back to \`${name}\``
        return { code: 'circle', path, part: 'value', message, hint: 'a monitor cannot rest on itself' }
      }),
  )
}

function checkNames(document: unknown, section: Section): Finding[] {
  return (namesIn(document, section) ?? []).flatMap((name): Finding[] => {
    const at = { path: [section, name], part: 'key' as const }
    if (!isName(name)) {
      const hint = 'letters, digits, dots, dashes and underscores, at most 63, a letter or digit first'
      return [{ ...at, code: 'bad-name', message: `\`${name}\` cannot be a name`, hint }]
    }
    if (section !== 'regions' || !FALLBACK_WORDS.includes(name)) return []
    const message = `no region can be called \`${name}\`: it means something else as a fallback`
    return [{ ...at, code: 'bad-name', message, hint: 'choose another name' }]
  })
}

function checkReference(document: unknown, { from, to, besides }: Reference): Finding[] {
  const known = to.map((section) => namesIn(document, section))
  if (known.includes(undefined)) return []
  const names = known.flatMap((each) => each ?? [])
  return pathsLike(document, from).flatMap((path): Finding[] => {
    const name = valueAt(document, path)
    if (typeof name !== 'string' || names.includes(name) || besides.includes(name)) return []
    const sections = to.map((section) => `\`${section}\``)
    const message = `\`${formatPath(path)}\` names \`${name}\`, which is not in ${sections.join(' or ')}`
    const hint = didYouMean(name, [...besides, ...names], 'known are') ?? `add it to ${sections[0]!}`
    return [{ code: 'unknown-name', path, part: 'value', message, hint }]
  })
}

/** The names that a section defines; undefined when the section itself is broken, so that nothing follows from it. */
export function namesIn(document: unknown, section: Section): string[] | undefined {
  const entries = valueAt(document, [section])
  if (isMapping(entries)) return Object.keys(entries)
  const slip = misspelt(document, section, [configRows])
  return entries === undefined && slip === undefined ? [] : undefined
}

/** Every path in the document that the pattern fits. */
export function pathsLike(document: unknown, pattern: Path): Path[] {
  return pattern.reduce<Path[]>(
    (paths, key) => paths.flatMap((path) => childKeys(valueAt(document, path), key).map((child) => [...path, child])),
    [[]],
  )
}

function childKeys(value: unknown, key: string | number): (string | number)[] {
  if (key !== '*') return isMapping(value) && Object.hasOwn(value, key) ? [key] : []
  if (Array.isArray(value)) return [...value.keys()]
  return isMapping(value) ? Object.keys(value) : []
}
