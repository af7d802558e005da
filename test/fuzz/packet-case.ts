// A packet with all that an answer to it depends on, and its form as a line of text: `scene limit client hex`.
import { parseAddress, writeWords, type AddressWords } from '../../src/base/address.ts'

export interface PacketCase {
  /** The name of a scene (scenes.ts). */
  readonly scene: string
  /** Of the answer, bytes; 65535 is a stream's. */
  readonly limit: number
  /** The sender's address. */
  readonly client: string
  readonly packet: Uint8Array
}

export function formatCase({ scene, limit, client, packet }: PacketCase): string {
  return `${scene} ${limit} ${client} ${Buffer.from(packet).toString('hex')}`
}

/** Reads what `formatCase` writes. Throws on anything else: the corpus is ours. */
export function parseCase(line: string): PacketCase {
  const [scene = '', limit = '', client = '', hex = ''] = line.split(' ')
  if (!/^\d+$/.test(limit) || !parseAddress(client) || !/^([0-9a-f]{2})*$/.test(hex)) {
    throw new Error(`no packet case: ${line}`)
  }
  return { scene, limit: Number(limit), client, packet: Uint8Array.from(Buffer.from(hex, 'hex')) }
}

const words = new Map<string, AddressWords>()

/** The client's address as `respond` takes it; made once for each. */
export function clientWords(client: string): AddressWords {
  let known = words.get(client)
  if (!known) words.set(client, (known = writeWords(parseAddress(client)!)))
  return known
}
