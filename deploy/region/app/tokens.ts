// Signed tokens: a JSON Web Token (RFC 7519) with HMAC-SHA-256 and nothing else, so that no header can talk the reader into
// another algorithm. Every server that has the keys can make and read them; nothing is stored.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'

export interface Claims {
  readonly sub: string
  /** `access` opens doors for minutes; `refresh` gets new ones for a day. */
  readonly kind: 'access' | 'refresh'
  /** The login that this token descends from: what a revocation names. */
  readonly sid: string
  readonly jti: string
  /** Seconds since 1970, as RFC 7519 has it. */
  readonly iat: number
  readonly exp: number
}

/** Secrets of at least 32 bytes: the first signs, all verify, so that keys can be changed while tokens live. */
export type Keys = readonly [string, ...string[]]

export interface TokenRequest {
  readonly sub: string
  readonly kind: Claims['kind']
  readonly sid: string
  readonly lifeMs: number
}

const HEADER = encode({ alg: 'HS256', typ: 'JWT' })

/** `now`: ms since 1970. */
export function signToken(keys: Keys, { lifeMs, ...who }: TokenRequest, now: number): string {
  const iat = Math.floor(now / 1000)
  const claims: Claims = { ...who, jti: randomUUID(), iat, exp: Math.ceil((now + lifeMs) / 1000) }
  const body = `${HEADER}.${encode(claims)}`
  return `${body}.${signature(keys[0], body).toString('base64url')}`
}

/** Undefined for what is not of this kind, not ours, or over. */
export function readToken(keys: Keys, token: string, kind: Claims['kind'], now: number): Claims | undefined {
  const [header, payload, signed, ...more] = token.split('.')
  if (header !== HEADER || payload === undefined || signed === undefined || more.length > 0) return undefined
  const given = Buffer.from(signed, 'base64url')
  const isOurs = keys.some((key) => sameBytes(given, signature(key, `${header}.${payload}`)))
  if (!isOurs || given.toString('base64url') !== signed) return undefined
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
  return claims.kind === kind && claims.exp * 1000 > now ? claims : undefined
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signature(key: string, body: string): Buffer {
  return createHmac('sha256', key).update(body).digest()
}

/** In a time that does not depend on where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
