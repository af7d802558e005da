// Where something stands in a JSON document: a pointer (RFC 6901, begins with a slash) or a dotted path as people write it.

/** The value there; undefined where there is none. Own members only; list items by their number from 0. */
export function valueAtPath(document: unknown, path: string): unknown {
  return keysOf(path).reduce<unknown>(childOf, document)
}

function keysOf(path: string): string[] {
  if (path === '') return []
  if (!path.startsWith('/')) return path.split('.')
  return path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function childOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Readonly<Record<string, unknown>>)[key]
}
