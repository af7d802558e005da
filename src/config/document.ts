// A YAML file as a value whose every part still knows where it was written. All dealings with the YAML library are here;
// what the value means is not.
import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { Document as YamlDocument, Node, Pair, YAMLError, YAMLMap } from 'yaml'
import type { Fault, Place } from '../base/fault.ts'

/** Keys and indexes from the top of the file. */
export type Path = readonly (string | number)[]

export interface Document {
  /** Plain data; undefined when the syntax is broken. */
  readonly value: unknown
  readonly faults: readonly Fault[]
  /** Where the key or the value at the path stands; of what is not there, where its nearest ancestor does. */
  readonly placeOf: (path: Path, part: 'key' | 'value') => Place
}

/** A longer config is refused, in characters. */
const MAX_LENGTH = 4 << 20
/** Aliases of one anchor, times those nested within it: bounds "billion laughs". */
const MAX_ALIASES = 10_000
const MAX_SYNTAX_FAULTS = 10

/** Reads YAML 1.2 with merge keys. Never throws: whatever is wrong is a fault. */
export function readDocument(text: string, file: string): Document {
  const place = countLines(text, file)
  const unusable = checkText(text, place)
  if (unusable) return brokenDocument(unusable)
  try {
    return readYaml(text, place)
  } catch (error) {
    // The library throws on what it cannot bound: too many aliases (ReferenceError), too deep a nesting (RangeError).
    const message = `the YAML is too deep or too tangled: ${inShort((error as Error).message)}`
    return brokenDocument({ code: 'yaml-refused', severity: 'error', place: place(0), message })
  }
}

function brokenDocument(fault: Fault): Document {
  return { value: undefined, faults: [fault], placeOf: () => fault.place }
}

function checkText(text: string, place: PlaceOfOffset): Fault | undefined {
  const refuse = (code: string, message: string, offset = 0): Fault => ({
    code,
    severity: 'error',
    place: place(offset),
    message,
  })
  if (text.length > MAX_LENGTH) return refuse('file-too-large', 'the file is larger than 4 MiB')
  const badByte = text.indexOf('\uFFFD')
  if (badByte >= 0) return refuse('not-utf8', 'the file is not UTF-8 text', badByte)
  const isEmpty = text.split('\n').every((line) => /^\s*(#|$)/.test(line))
  return isEmpty
    ? { ...refuse('empty-file', 'the file is empty'), hint: 'it needs at least listen and zones' }
    : undefined
}

type PlaceOfOffset = (offset: number) => Place

/** Lines are counted here: the library's LineCounter loses some of them behind a syntax error. */
function countLines(text: string, file: string): PlaceOfOffset {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  return (offset) => {
    const inside = Math.min(offset, text.length)
    const line = starts.findLastIndex((start) => start <= inside)
    return { file, line: line + 1, column: inside - starts[line]! + 1 }
  }
}

function readYaml(text: string, place: PlaceOfOffset): Document {
  const yaml = parseDocument(text, { schema: 'core', merge: true, prettyErrors: false, logLevel: 'error' })
  const syntax = syntaxFaults([...yaml.errors, ...yaml.warnings], text, place)
  const nodes = nodeFaults(yaml, place)
  const usable = ![...syntax, ...nodes].some(({ code }) => code === 'yaml-syntax' || code === 'bad-alias')
  return {
    value: usable ? yaml.toJS({ maxAliasCount: MAX_ALIASES }) : undefined,
    faults: [...syntax, ...nodes],
    placeOf: (path, part) => place(offsetOf(yaml, path, part)),
  }
}

/** One a line and few: the library trips over its own recovery. */
function syntaxFaults(errors: readonly YAMLError[], text: string, place: PlaceOfOffset): Fault[] {
  const faults = errors.map((error) => syntaxFault(error, text, place(error.pos[0])))
  const first = faults.filter((fault, i) => faults.findIndex((other) => other.place.line === fault.place.line) === i)
  return first.slice(0, MAX_SYNTAX_FAULTS)
}

function syntaxFault(error: YAMLError, text: string, place: Place): Fault {
  const key = /^[^\s:]+/.exec(text.slice(error.pos[0], error.pos[0] + 100))?.[0] ?? ''
  return error.code === 'DUPLICATE_KEY'
    ? {
        code: 'duplicate-key',
        severity: 'error',
        place,
        message: `the key \`${key}\` is written twice`,
        hint: 'keep one',
      }
    : { code: 'yaml-syntax', severity: 'error', place, message: `not YAML: ${inShort(error.message)}` }
}

function inShort(message: string): string {
  if (message.includes('call stack')) return 'nested too deeply'
  if (message.includes('multiple documents')) return 'a second document begins here'
  return message.split('\n')[0]!.replace(/\.$/, '')
}

/** Keys that are no words, and aliases that lead nowhere or in a circle. */
function nodeFaults(yaml: YamlDocument, place: PlaceOfOffset): Fault[] {
  const faults: Fault[] = []
  const add = (node: unknown, code: string, message: string, hint: string) =>
    faults.push({ code, severity: 'error', place: place(offsetOfNode(node) ?? 0), message, hint })
  visit(yaml, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value !== null && key.value !== '__proto__') return
      add(key, 'bad-key', 'this cannot be a key', 'keys are plain words; text with brackets needs quotes: "[::1]:5300"')
    },
    Alias(_, alias, ancestors) {
      const target = alias.resolve(yaml)
      if (target !== undefined && !ancestors.includes(target)) return
      add(
        alias,
        'bad-alias',
        `the alias \`*${alias.source}\` names no anchor before it`,
        `write &${alias.source} first`,
      )
    },
  })
  return faults
}

function offsetOf(yaml: YamlDocument, path: Path, part: 'key' | 'value'): number {
  let node: unknown = yaml.contents
  let offset = offsetOfNode(node) ?? 0
  for (const [depth, key] of path.entries()) {
    const found = childOf(yaml, node, key)
    if (found === undefined) break
    const child = isPair(found) ? found.value : found
    const wantsKey = isPair(found) && (depth < path.length - 1 || part === 'key')
    offset = offsetOfNode(wantsKey ? found.key : child) ?? offsetOfNode(isPair(found) ? found.key : child) ?? offset
    node = child
  }
  return offset
}

function childOf(yaml: YamlDocument, parent: unknown, key: string | number): Pair | Node | undefined {
  const node = isAlias(parent) ? parent.resolve(yaml) : parent
  if (isMap(node)) return pairOf(yaml, node, String(key))
  return isSeq(node) ? (node.items[Number(key)] as Node | undefined) : undefined
}

/** The pair with that key, whether written in the map itself or merged into it by `<<`. */
function pairOf(yaml: YamlDocument, map: YAMLMap, key: string): Pair | undefined {
  const own = map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key)
  return (
    own ??
    mergedMaps(yaml, map)
      .map((merged) => pairOf(yaml, merged, key))
      .find((pair) => pair !== undefined)
  )
}

function mergedMaps(yaml: YamlDocument, map: YAMLMap): YAMLMap[] {
  return map.items
    .filter(({ key }) => isScalar(key) && String(key.source) === '<<')
    .flatMap(({ value }) => (isSeq(value) ? value.items : [value]))
    .map((node) => (isAlias(node) ? node.resolve(yaml) : node))
    .filter((node) => isMap(node))
}

function offsetOfNode(node: unknown): number | undefined {
  const range = (node as Node | null | undefined)?.range
  return range?.[0]
}
