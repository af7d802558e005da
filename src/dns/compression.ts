// Compressed names of a message (RFC 1035 §4.1.4), expanded. Composing them is the query path's own affair.
import { MAX_NAME_BYTES } from './name.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/**
 * Appends the name at the reader, expanded and with its case kept, and moves behind it. False, with nothing appended,
 * when it is malformed: a pointer must point before the labels it continues, so no message can make a loop.
 */
export function readName(reader: Reader, out: Writer, pointers: 'allowed' | 'refused' = 'allowed'): boolean {
  const { bytes } = reader
  const mark = out.length
  let at = reader.at
  let end = reader.end
  let after = -1
  let run = at
  while (at < end) {
    const length = bytes[at]!
    if (length >= 0xc0) {
      if (pointers === 'refused' || at + 1 >= end) break
      if (after < 0) after = at + 2
      const target = ((length & 0x3f) << 8) | bytes[at + 1]!
      if (target >= run) break
      at = run = target
      end = bytes.length
    } else {
      if (length > 0x3f || at + 1 + length > end || out.length - mark + 1 + length > MAX_NAME_BYTES) break
      out.copy(bytes, at, at + 1 + length)
      at += 1 + length
      if (length === 0) {
        reader.at = after < 0 ? at : after
        return true
      }
    }
  }
  out.rollBack(mark)
  return false
}
