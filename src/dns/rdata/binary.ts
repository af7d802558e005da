// Fields that are bytes in hexadecimal, to the end of the rdata: digests, certificates, fingerprints.
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'
import { badField, takeToken, type Field } from './field.ts'

/** Hexadecimal digits in any number of tokens, at least one byte. */
export function hex(label: string): Field {
  return {
    label,
    parse: (tokens, out) => {
      const missing = takeToken(label, tokens)
      if (missing) return missing
      const bad = parseHex(tokens, out)
      return bad ? badField(label, 'hexadecimal digits in pairs', tokens) : undefined
    },
    print: (rdata) => Buffer.from(rdata.take(rdata.left)).toString('hex').toUpperCase(),
    read: (rdata, out) => {
      if (rdata.left === 0) return false
      out.copy(rdata.take(rdata.left))
      return true
    },
  }
}

/** Appends the bytes of the current token and all that follow; digits pair up across tokens. True when they do not. */
export function parseHex(tokens: Tokens, out: Writer): boolean {
  let half = -1
  do {
    for (let i = tokens.start; i < tokens.end; i++) {
      const digit = hexDigit(tokens.bytes[i]!)
      if (digit < 0) return true
      if (half < 0) half = digit
      else {
        out.u8((half << 4) | digit)
        half = -1
      }
    }
  } while (tokens.next())
  return half >= 0
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
