// Addresses and host names as keys, and for people. Planning asks for the text of the same few hundreds of thousands of times.
import { formatAddress } from '../base/address.ts'
import { formatName } from '../dns/name.ts'
import type { Answerable } from '../snapshot/slot-table.ts'

const texts = new WeakMap<Answerable, string>()

/** An address as `formatAddress`, a host name without its final dot. Prints each object once. */
export function textOf(address: Answerable): string {
  let text = texts.get(address)
  if (text === undefined) texts.set(address, (text = print(address)))
  return text
}

function print(address: Answerable): string {
  return address.family === 'host' ? formatName(address.bytes).slice(0, -1) : formatAddress(address)
}
