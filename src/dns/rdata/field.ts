// The seam that rdata is built from: one kind of field, with its text and its wire form side by side. A record type is a
// list of fields (rdata.ts); a new kind of field is a file beside this one.
import type { Reader } from '../reader.ts'
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'

/** Why text is no rdata: the fault that a zone file gets, without its place (that of the current token). */
export interface RdataProblem {
  /** Kebab-case. */
  readonly code: string
  /** One sentence, without a full stop. */
  readonly message: string
  readonly hint?: string
}

/** What a field does. None of these throws on bad input. */
export interface Field {
  /** What people call it, for messages: `preference`. */
  readonly label: string
  /** Bytes on the wire, when they are always as many. */
  readonly size?: number
  /** For a domain name: may it be compressed (RFC 3597 §4), and do its addresses belong in the additional section? */
  readonly name?: { readonly compress: boolean; readonly host: boolean }
  /** Takes its tokens, one or all that are left, and appends its wire form. `origin` completes relative names. */
  readonly parse: (tokens: Tokens, out: Writer, origin: Uint8Array) => RdataProblem | undefined
  /** Reads its wire form from valid, uncompressed rdata and gives it as text; the empty string when it has none. */
  readonly print: (rdata: Reader) => string
  /** Checks its wire form, which ends at the reader's end at the latest, and appends it with names expanded. */
  readonly read: (rdata: Reader, out: Writer) => boolean
}

/** The problem of a field whose token is not what it should be. */
export function badField(label: string, want: string, tokens: Tokens): RdataProblem {
  return {
    code: `bad-${label.toLowerCase().replaceAll(' ', '-')}`,
    message: `the ${label} must be ${want}, not "${tokens.text()}"`,
  }
}

/** Moves to the field's token, or says that there is none. */
export function takeToken(label: string, tokens: Tokens): RdataProblem | undefined {
  if (tokens.next()) return undefined
  return { code: 'missing-field', message: `the ${label} is missing` }
}
