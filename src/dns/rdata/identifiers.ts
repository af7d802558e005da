// Fields that are groups of hexadecimal digits: link-layer addresses `00-00-5e-00-53-2a` (RFC 7043) and the 64-bit locators
// and identifiers of ILNP `0014:4fff:ff20:ee64` (RFC 6742).
import { badField, takeToken, type Field } from './field.ts'

/** EUI-48 or EUI-64. */
export function eui(bytes: 6 | 8): Field {
  return groups('address', '-', bytes, /^[0-9a-f]{2}$/i, 1, `${bytes} pairs of hexadecimal digits with - between`)
}

/** 64 bits in four groups. */
export function ilnp(label: string): Field {
  return groups(label, ':', 4, /^[0-9a-f]{1,4}$/i, 2, 'four groups of hexadecimal digits with : between')
}

function groups(label: string, mark: string, count: number, form: RegExp, bytes: 1 | 2, want: string): Field {
  const size = count * bytes
  return {
    label,
    size,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const words = tokens.text().split(mark)
      if (words.length !== count || !words.every((word) => form.test(word))) return badField(label, want, tokens)
      const write = bytes === 1 ? (value: number) => out.u8(value) : (value: number) => out.u16(value)
      for (const word of words) write(parseInt(word, 16))
      return undefined
    },
    print: (rdata) =>
      Array.from({ length: count }, () => (bytes === 1 ? rdata.u8() : rdata.u16()))
        .map((value) => value.toString(16).padStart(bytes * 2, '0'))
        .join(mark),
    read: (rdata, out) => {
      if (!rdata.has(size)) return false
      out.copy(rdata.take(size))
      return true
    },
  }
}
