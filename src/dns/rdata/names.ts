// Fields that are domain names. Their case is kept: a resolver may show it, and DNSSEC folds it where it must.
import { readName } from '../compression.ts'
import { formatName, nameLength, NAME_PROBLEMS, scanName } from '../name.ts'
import { takeToken, type Field } from './field.ts'

/** A name of the types of RFC 1035, which alone may be compressed (RFC 3597 §4). */
export function oldName(label: string): Field {
  return nameField(label, { compress: true, host: false })
}

/** Such a name of a host, whose addresses help the asker (RFC 1034 §4.3.2 step 6). */
export function oldHost(label: string): Field {
  return nameField(label, { compress: true, host: true })
}

/** A name of a younger type: never compressed, and refused when it is. */
export function plainName(label: string): Field {
  return nameField(label, { compress: false, host: false })
}

/** A host name of a younger type, whose addresses help the asker. */
export function plainHost(label: string): Field {
  return nameField(label, { compress: false, host: true })
}

function nameField(label: string, name: { readonly compress: boolean; readonly host: boolean }): Field {
  return {
    label,
    name,
    parse: (tokens, out, origin) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const problem = scanName(tokens.bytes, tokens.start, tokens.end, origin, out)
      return problem && { code: problem, message: `the ${label} is no domain name: ${NAME_PROBLEMS[problem]}` }
    },
    print: (rdata) => formatName(rdata.take(nameLength(rdata.bytes, rdata.at))),
    read: (rdata, out) => readName(rdata, out, name.compress ? 'allowed' : 'refused'),
  }
}
