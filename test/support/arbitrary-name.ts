// Domain names for property tests: any bytes in the labels, lower-cased as every name is.
import fc from 'fast-check'
import { foldCase, type Name } from '../../src/dns/name.ts'

/** Wire names within the limits of RFC 1035 §2.3.4. */
export function arbitraryName(): fc.Arbitrary<Name> {
  const label = fc.uint8Array({ minLength: 1, maxLength: 63 })
  return fc
    .array(label, { maxLength: 12 })
    .map((labels) => labels.flatMap((bytes) => [bytes.length, ...bytes]))
    .filter((wire) => wire.length < 255)
    .map((wire) => foldCase(Uint8Array.from([...wire, 0])))
}
