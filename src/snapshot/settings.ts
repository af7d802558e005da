// What a configuration says of the query path beside zones and plans: who we say we are, cookie secrets, rate limits.
// It stands in the plan part of a snapshot, so that a reload changes it like everything else.
import type { Prefix } from '../base/prefix.ts'
import { writeWords } from '../base/address.ts'

export interface Settings {
  /** Answers to version.bind, id.server (CHAOS TXT) and the NSID option; empty hides. At most 64 bytes each: they share 512 bytes with a question and its options. */
  readonly version: string
  readonly server: string
  readonly nsid: string
  /** 16 bytes each: the first makes DNS cookies, all verify them (RFC 9018 §5). One or two. */
  readonly cookieSecrets: readonly Uint8Array[]
  readonly rateLimit: RateLimit | undefined
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
  exempts: 20,
  /** Each an address in words (family first), then its length in bits. */
  exempt: 21,
  exemptBits: 5,
  exemptWords: 6,
} as const

const SECRET_WORDS = 4

export function settingsWords({ version, server, nsid, rateLimit }: Settings): number {
  const texts = [version, server, nsid].reduce((sum, text) => sum + ((Buffer.byteLength(text) + 3) >> 2), 0)
  return settingsBlock.exempt + (rateLimit?.exempt.length ?? 0) * settingsBlock.exemptWords + texts
}

/** Writes the block at word `at`; texts stand behind it. */
export function writeSettings(settings: Settings, words: Int32Array, bytes: Uint8Array, at: number): void {
  const { cookieSecrets, rateLimit, tcpIdleTimeoutMs } = settings
  const exempt = rateLimit?.exempt ?? []
  let textAt = at + settingsBlock.exempt + exempt.length * settingsBlock.exemptWords
  for (const key of ['version', 'server', 'nsid'] as const) {
    const text = Buffer.from(settings[key])
    bytes.set(text, textAt * 4)
    words.set([textAt * 4, text.length], at + settingsBlock[key])
    textAt += (text.length + 3) >> 2
  }
  words[at + settingsBlock.secrets] = cookieSecrets.length
  cookieSecrets.forEach((secret, i) => bytes.set(secret, (at + settingsBlock.secret + i * SECRET_WORDS) * 4))
  words[at + settingsBlock.responsesPerSecond] = rateLimit?.responsesPerSecond ?? 0
  words[at + settingsBlock.slip] = rateLimit?.slip ?? 0
  words[at + settingsBlock.ipv4Bits] = rateLimit?.ipv4Bits ?? 0
  words[at + settingsBlock.ipv6Bits] = rateLimit?.ipv6Bits ?? 0
  words[at + settingsBlock.keepalive] = Math.min(Math.floor(tcpIdleTimeoutMs / 100), 0xffff)
  words[at + settingsBlock.exempts] = exempt.length
  exempt.forEach(({ address, length }, i) => {
    const entry = at + settingsBlock.exempt + i * settingsBlock.exemptWords
    words.set([...writeWords(address), length], entry)
  })
}
