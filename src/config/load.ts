// A config file becomes a Config, or everything that is wrong with it at once, in the order of reading.
// The steps: text → document (document.ts) → rows (schema.ts, explain.ts), names (references.ts) and sense (checks.ts)
// side by side → Config (assemble.ts) → a last look at the whole. A later step never repeats a fault of an earlier one.
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { compareFaults, formatFault, formatPlace, isError, type Fault } from '../base/fault.ts'
import { filesOf, type GeoSource } from '../geo/geo.ts'
import { assemble } from './assemble.ts'
import { checkServices, lintConfig } from './checks.ts'
import type { Config } from './config.ts'
import { readDocument, type Document } from './document.ts'
import { explainIssues } from './explain.ts'
import { isMapping, toFault, type Finding } from './finding.ts'
import { checkNesting } from './nesting.ts'
import { checkReferences } from './references.ts'
import { loadRoundTrips } from './round-trips.ts'
import { configSchema } from './schema.ts'

export interface ConfigLoad {
  /** Missing when a fault of severity error forbids it. */
  readonly config: Config | undefined
  readonly faults: readonly Fault[]
  /** What was read, to be kept as the last good version; empty when the file could not be read. */
  readonly text: string
}

/** Reads a config file, and looks whether the folders and files that it names are there. */
export function loadConfig(file: string): ConfigLoad {
  let source: Uint8Array
  try {
    source = readFileSync(file)
  } catch (error) {
    return { config: undefined, faults: [unreadable(file, error as NodeJS.ErrnoException)], text: '' }
  }
  return withRoundTrips(build(source, file, (config) => [...lintConfig(config), ...checkPaths(config)]))
}

/** A table that is wrong refuses the config, as anything else that it names. */
function withRoundTrips(load: ConfigLoad): ConfigLoad {
  const { config } = load
  if (config?.roundTripsFile === undefined) return load
  const { roundTrips, faults } = loadRoundTrips(config.roundTripsFile, config.regions.keys())
  return {
    ...load,
    config: faults.length > 0 ? undefined : { ...config, roundTrips },
    faults: [...load.faults, ...faults],
  }
}

/** Reads a config from memory, as if it stood in `file`. Looks at nothing on the disk. */
export function parseConfig(source: string | Uint8Array, file: string): ConfigLoad {
  return build(source, file, lintConfig)
}

function build(source: string | Uint8Array, file: string, lint: (config: Config) => Finding[]): ConfigLoad {
  const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
  const document = readDocument(text, file)
  const { written, findings } = examine(document)
  const faults = place(findings, document)
  if (!written || faults.some(isError)) return { config: undefined, faults, text }
  const config = assemble(written, file)
  const all = place([...findings, ...lint(config)], document)
  return { config: all.some(isError) ? undefined : config, faults: all, text }
}

function examine({ value }: Document) {
  if (value === undefined) return { written: undefined, findings: [] }
  if (!isMapping(value)) return { written: undefined, findings: [notAMapping] }
  const parsed = configSchema.safeParse(value)
  const issues = explainIssues(parsed.error?.issues ?? [], value)
  return {
    written: parsed.data,
    findings: [...issues, ...checkReferences(value), ...checkNesting(value), ...checkServices(value)],
  }
}

const notAMapping: Finding = {
  code: 'not-a-mapping',
  path: [],
  part: 'value',
  message: 'a config is a mapping of sections',
  hint: 'such as listen: ["127.0.0.1:5300"]',
}

/** All faults of the file, each once, in the order of reading. What stands at a key that is none needs no other words. */
function place(findings: readonly Finding[], document: Document): Fault[] {
  const badKeys = new Set(
    document.faults.filter(({ code }) => code === 'bad-key').map((fault) => formatPlace(fault.place)),
  )
  const faults = findings
    .map((finding) => toFault(finding, document))
    .filter((fault) => !badKeys.has(formatPlace(fault.place)))
  const once = new Map([...document.faults, ...faults].map((fault) => [formatFault(fault), fault]))
  return [...once.values()].sort(compareFaults)
}

/** The files of TLS rules that are not there. */
function checkTlsFiles({ monitors }: Config): Finding[] {
  return [...monitors].flatMap(([name, monitor]) => {
    const rules = 'tls' in monitor ? monitor.tls : undefined
    return (['ca', 'certificate', 'key'] as const).flatMap((key): Finding[] => {
      const file = rules?.[key]
      if (file === undefined || isThere(file, 'file')) return []
      const message = `there is no readable file ${file}`
      const path = ['monitors', name, key]
      return [{ code: 'no-file', path, part: 'value', message, hint: 'relative to the config file' }]
    })
  })
}

function checkPaths(config: Config): Finding[] {
  const { zones, geo } = config
  const findings = checkTlsFiles(config)
  if (!isThere(zones, 'folder')) {
    const message = `there is no folder ${zones}`
    findings.push({ code: 'no-folder', path: ['zones'], part: 'value', message, hint: 'relative to the config file' })
  }
  for (const [key, file] of geo ? geoFiles(geo) : []) {
    if (isThere(file, 'file')) continue
    const message = `there is no readable file ${file}`
    const hint = 'relative to the config file'
    findings.push({ code: 'no-file', path: ['geo', key], part: 'value', message, hint })
  }
  return findings
}

/** By option. */
function geoFiles(geo: GeoSource): readonly (readonly [key: string, file: string])[] {
  const named = filesOf(geo)
  return Object.entries(geo).flatMap(([key, value]) =>
    typeof value === 'string' && named.includes(value) ? [[key, value] as const] : [],
  )
}

function isThere(path: string, kind: 'file' | 'folder'): boolean {
  try {
    accessSync(path, constants.R_OK)
    return kind === 'file' ? statSync(path).isFile() : statSync(path).isDirectory()
  } catch {
    return false
  }
}

function unreadable(file: string, { code, message }: NodeJS.ErrnoException): Fault {
  const fault = { severity: 'error', place: { file } } as const
  if (code === 'ENOENT')
    return { ...fault, code: 'no-file', message: 'there is no such file', hint: 'name it by --config' }
  if (code === 'EISDIR') return { ...fault, code: 'no-file', message: 'this is a folder', hint: 'name the file in it' }
  return { ...fault, code: 'unreadable', message: `cannot be read: ${message}` }
}
