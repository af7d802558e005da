// The text of a client's address, as Node hands it over with each packet, read into the words that the query path works
// on. By hand and without allocation: it runs once a query. Text that did not come from the kernel belongs to
// base/address, which checks it.
import type { AddressWords } from '../base/address.ts'

const COLON = 0x3a
const DOT = 0x2e
const PERCENT = 0x25

/** Fills `client`. A zone index (`%eth0`) is left out; an IPv4-mapped address becomes IPv4 (RFC 4291 §2.5.5.2). */
export function writeClient(text: string, client: AddressWords): void {
  client.fill(0)
  if (text.includes(':')) {
    writeIpv6(text, client)
  } else {
    client[0] = 4
    client[1] = readDotted(text, 0)
  }
}

function writeIpv6(text: string, client: AddressWords): void {
  const omitted = 8 - countGroups(text)
  let group = 0
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : PERCENT
    if (code === DOT) {
      client[4] = readDotted(text, start)
      break
    }
    if (code !== COLON && code !== PERCENT) continue
    if (i > start) putGroup(client, group++, readHex(text, start, i))
    else if (i > 0) group += omitted
    start = i + 1
    if (code === PERCENT) break
  }
  client[0] = 6
  unmap(client)
}

/** Groups of 16 bits that are written out; a dotted tail counts as two. */
function countGroups(text: string): number {
  let groups = 0
  let inside = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === PERCENT) break
    if (code === DOT) return groups + 1
    if (code !== COLON && !inside) groups++
    inside = code !== COLON
  }
  return groups
}

function putGroup(client: AddressWords, group: number, value: number): void {
  client[1 + (group >> 1)]! |= group & 1 ? value : value << 16
}

function unmap(client: AddressWords): void {
  if (client[1] !== 0 || client[2] !== 0 || client[3] !== 0xffff) return
  client[0] = 4
  client[1] = client[4]!
  client[3] = 0
  client[4] = 0
}

function readHex(text: string, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    value = (value << 4) | (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57)
  }
  return value
}

function readDotted(text: string, start: number): number {
  let word = 0
  let byte = 0
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === PERCENT) break
    if (code === DOT) {
      word = (word << 8) | byte
      byte = 0
    } else {
      byte = byte * 10 + code - 0x30
    }
  }
  return (word << 8) | byte
}
