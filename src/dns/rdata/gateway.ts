// Where the IPsec peer of an IPSECKEY record is reached (RFC 4025 §2.3–2.5): a kind, the algorithm of the key that follows,
// and nothing, an address or a name as the kind says.
import { plainName } from './names.ts'
import { ipv4, ipv6 } from './addresses.ts'
import { badField, takeToken, type Field } from './field.ts'
import { u8 } from './numbers.ts'

const algorithm = u8('algorithm')

/** `.` in text, nothing on the wire. */
const nowhere: Field = {
  label: 'gateway',
  parse: (tokens) => {
    const missing = takeToken('gateway', tokens)
    return missing ?? (tokens.text() === '.' ? undefined : badField('gateway', 'a dot for none', tokens))
  },
  print: () => '.',
  read: () => true,
}

/** By kind. */
const GATEWAYS: readonly Field[] = [nowhere, ipv4, ipv6, plainName('gateway')]

/** Kind, algorithm and gateway. */
export const gateway: Field = {
  label: 'gateway type',
  parse: (tokens, out, origin) => {
    const missing = takeToken('gateway type', tokens)
    if (missing) return missing
    const kind = GATEWAYS.findIndex((_, i) => tokens.text() === String(i))
    if (kind < 0) return badField('gateway type', 'a number from 0 to 3', tokens)
    out.u8(kind)
    return algorithm.parse(tokens, out, origin) ?? GATEWAYS[kind]!.parse(tokens, out, origin)
  },
  print: (rdata) => {
    const kind = rdata.u8()
    return `${kind} ${algorithm.print(rdata)} ${GATEWAYS[kind]!.print(rdata)}`
  },
  read: (rdata, out) => {
    if (!rdata.has(2)) return false
    const kind = rdata.u8()
    out.u8(kind)
    return algorithm.read(rdata, out) && (GATEWAYS[kind]?.read(rdata, out) ?? false)
  },
}
