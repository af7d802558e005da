// What a configuration says of the query path beside zones and plans: who we say we are, cookie secrets, rate limits.
// It stands in the plan part of a snapshot, so that a reload changes it like everything else.
import { isInPrefix, type Prefix } from '../base/prefix.ts'
import { writeWords, type AddressWords } from '../base/address.ts'

export interface Settings {
  /** Answers to version.bind, id.server (CHAOS TXT) and the NSID option; empty hides. At most 64 bytes each: they share 512 bytes with a question and its options. */
  readonly version: string
  readonly server: string
  readonly nsid: string
  /** 16 bytes each: the first makes DNS cookies, all verify them (RFC 9018 §5). One or two. */
  readonly cookieSecrets: readonly Uint8Array[]
  readonly rateLimit: RateLimit | undefined
  /** Resolvers whose client subnets are believed; undefined: everybody's are. */
  readonly trustedResolvers?: readonly Prefix[] | undefined
  /** What the keepalive option promises (RFC 7828), ms. */
  readonly tcpIdleTimeoutMs: number
}

export interface RateLimit {
  /** For each client prefix and kind of answer, in each worker. */
  readonly responsesPerSecond: number
  /** Of so many limited answers one comes truncated, so that a true client asks again by TCP; 0: none does. */
  readonly slip: number
  readonly ipv4Bits: number
  readonly ipv6Bits: number
  /** Clients that are never limited. */
  readonly exempt: readonly Prefix[]
}

/** The block's words, from its start. Texts are byte offset (from the start of the part) and length. */
export const settingsBlock = {
  version: 0,
  server: 2,
  nsid: 4,
  secrets: 6,
  /** Two secrets of four words. */
  secret: 7,
  /** 0: no limit. */
  responsesPerSecond: 15,
  slip: 16,
  ipv4Bits: 17,
  ipv6Bits: 18,
  /** Units of 100 ms. */
  keepalive: 19,
  /** A prefix list: clients that are never limited. */
  exempts: 20,
  /** The same of resolvers whose client subnets are believed; −1 in the place of its count: everybody's are. */
  trusted: 22,
  words: 24,
} as const

/** In the block: how many there are, and where they stand. Each is an address in words (family first), then its length in bits. */
export const prefixList = { count: 0, at: 1, words: 2, bits: 5, entryWords: 6 } as const

const SECRET_WORDS = 4

export function settingsWords({ version, server, nsid, rateLimit, trustedResolvers }: Settings): number {
  const texts = [version, server, nsid].reduce((sum, text) => sum + ((Buffer.byteLength(text) + 3) >> 2), 0)
  const prefixes = (rateLimit?.exempt.length ?? 0) + (trustedResolvers?.length ?? 0)
  return settingsBlock.words + prefixes * prefixList.entryWords + texts
}

/** Writes the block at word `at`; texts and prefixes stand behind it. */
export function writeSettings(settings: Settings, words: Int32Array, bytes: Uint8Array, at: number): void {
  const { cookieSecrets, rateLimit, tcpIdleTimeoutMs, trustedResolvers } = settings
  let end = at + settingsBlock.words
  for (const key of ['version', 'server', 'nsid'] as const) {
    const text = Buffer.from(settings[key])
    bytes.set(text, end * 4)
    words.set([end * 4, text.length], at + settingsBlock[key])
    end += (text.length + 3) >> 2
  }
  words[at + settingsBlock.secrets] = cookieSecrets.length
  cookieSecrets.forEach((secret, i) => bytes.set(secret, (at + settingsBlock.secret + i * SECRET_WORDS) * 4))
  words[at + settingsBlock.responsesPerSecond] = rateLimit?.responsesPerSecond ?? 0
  words[at + settingsBlock.slip] = rateLimit?.slip ?? 0
  words[at + settingsBlock.ipv4Bits] = rateLimit?.ipv4Bits ?? 0
  words[at + settingsBlock.ipv6Bits] = rateLimit?.ipv6Bits ?? 0
  words[at + settingsBlock.keepalive] = Math.min(Math.floor(tcpIdleTimeoutMs / 100), 0xffff)
  end = writePrefixes(rateLimit?.exempt ?? [], words, at + settingsBlock.exempts, end)
  writePrefixes(trustedResolvers ?? [], words, at + settingsBlock.trusted, end)
  if (!trustedResolvers) words[at + settingsBlock.trusted + prefixList.count] = -1
}

/** The list's two words at `list`, its entries at `end`; returns where they end. */
function writePrefixes(prefixes: readonly Prefix[], words: Int32Array, list: number, end: number): number {
  words[list + prefixList.count] = prefixes.length
  words[list + prefixList.at] = end
  for (const { address, length } of prefixes) {
    words.set([...writeWords(address), length], end)
    end += prefixList.entryWords
  }
  return end
}

/** Whether an address lies in a prefix of the list whose words stand at `list`. Allocates nothing. */
export function isInList(words: Int32Array, list: number, address: AddressWords): boolean {
  let at = words[list + prefixList.at]!
  for (let left = words[list + prefixList.count]!; left > 0; left--) {
    if (isInPrefix(address, words, at, words[at + prefixList.bits]!)) return true
    at += prefixList.entryWords
  }
  return false
}
