/** A domain name as a value: lower-cased, uncompressed wire bytes, the root label included. */
export type Name = Uint8Array
