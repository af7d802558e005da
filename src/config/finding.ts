// Something wrong in the config before it has a place: what explain.ts, references.ts and checks.ts say, by path.
// load.ts turns each into a Fault with line and column.
import type { Fault } from '../base/fault.ts'
import type { Document, Path } from './document.ts'

export interface Finding {
  readonly code: string
  /** Errors unless said. */
  readonly severity?: 'warning'
  readonly path: Path
  /** Whether the key or the value is to blame. */
  readonly part: 'key' | 'value'
  readonly message: string
  readonly hint?: string | undefined
}

export function toFault({ code, severity, path, part, message, hint }: Finding, document: Document): Fault {
  const place = document.placeOf(path, part)
  return { code, severity: severity ?? 'error', place, message, ...(hint === undefined ? {} : { hint }) }
}

/** `services.web.steer[0]`, as messages and the reference name options. */
export function formatPath(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the raw document holds at the path; undefined where it holds nothing. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)] as unknown
    return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }, root)
}
