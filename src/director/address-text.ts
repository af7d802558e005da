// Addresses as keys. Planning asks for the text of the same few addresses hundreds of thousands of times.
import { formatAddress, type Address } from '../base/address.ts'

const texts = new WeakMap<Address, string>()

/** As `formatAddress`, which prints each address object once. */
export function textOf(address: Address): string {
  let text = texts.get(address)
  if (text === undefined) texts.set(address, (text = formatAddress(address)))
  return text
}
