// TLS as monitors want it (https, tls, grpc): whom to trust, what to show, and what is wrong with a certificate, in words.
import { readFileSync } from 'node:fs'
import { createSecureContext, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls'
import type { TlsRules } from '../monitor.ts'
import { failure, type Verdict } from './prober.ts'
import { judgeError } from './trouble.ts'

/** Certificates are renewed on disk without a word to us: files are read anew after this, ms. */
const CONTEXT_AGE_MS = 60_000

const DAY_MS = 86_400_000

/** Options of `tls.connect` that follow the rules. Throws what the disk says, and what is wrong with a file. */
export type TlsSettings = (rules: TlsRules, wall: number) => ConnectionOptions

interface Made {
  readonly context: SecureContext
  /** Wall-clock ms. */
  readonly at: number
}

/** Contexts are made once for the same files, and again when they have grown old. */
export function createTlsSettings(): TlsSettings {
  const made = new Map<string, Made>()
  return (rules, wall) => {
    const key = JSON.stringify([rules.ca, rules.certificate, rules.key])
    let known = made.get(key)
    if (known === undefined || wall - known.at >= CONTEXT_AGE_MS) {
      known = { context: createContext(rules), at: wall }
      made.set(key, known)
    }
    return {
      secureContext: known.context,
      // An empty one sends no SNI; a missing one would be guessed from the Host header.
      servername: rules.serverName ?? '',
      rejectUnauthorized: rules.verify,
    }
  }
}

function createContext({ ca, certificate, key }: TlsRules): SecureContext {
  return createSecureContext({
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(certificate !== undefined && { cert: readFileSync(certificate) }),
    ...(key !== undefined && { key: readFileSync(key) }),
  })
}

/** What is wrong with the certificate beyond what the handshake has refused; undefined: nothing. `wall`: wall-clock ms. */
export function judgeCertificate(socket: TLSSocket, { minDaysValid }: TlsRules, wall: number): Verdict | undefined {
  if (minDaysValid === 0) return undefined
  const days = (expiryOf(socket) - wall) / DAY_MS
  if (days >= minDaysValid) return undefined
  return failure(days < 0 ? REFUSED.CERT_HAS_EXPIRED : `certificate expires in ${Math.floor(days)} days`)
}

/** Wall-clock ms by connection: a kept one shows its certificate once, and decoding it costs as much as a probe. */
const expiries = new WeakMap<TLSSocket, number>()

function expiryOf(socket: TLSSocket): number {
  const known = expiries.get(socket) ?? Date.parse(socket.getPeerX509Certificate()?.validTo ?? '')
  expiries.set(socket, known)
  return known
}

/** The same as `judgeError`, and what TLS may say besides. */
export function judgeTlsError(error: NodeJS.ErrnoException): Verdict {
  const code = error.code ?? ''
  if (Object.hasOwn(REFUSED, code)) return failure(REFUSED[code as keyof typeof REFUSED])
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return judgeError(error)
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1] ?? code
  return failure(NO_TLS.includes(reason) ? 'no TLS' : `TLS: ${reason}`)
}

/** What OpenSSL says of bytes that are something else. */
const NO_TLS = ['wrong version number', 'packet length too long', 'unknown protocol']

/** What OpenSSL calls it, and node for the name. */
const REFUSED = {
  CERT_HAS_EXPIRED: 'certificate expired',
  CERT_NOT_YET_VALID: 'certificate not valid yet',
  CERT_REVOKED: 'certificate revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate of an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate of an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate for another name',
}
