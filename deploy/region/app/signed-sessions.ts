// Sessions without a store: a short-lived access token and a refresh token that is good for one time. Any server of any
// region that has the keys reads them, so users may be moved freely and nothing has to be there but the server itself.
import { randomUUID } from 'node:crypto'
import type { Revocations } from './revocations.ts'
import type { Lives, Pass, Sessions } from './sessions.ts'
import { readToken, signToken, type Keys } from './tokens.ts'

export interface SignedSessionsOptions {
  readonly keys: Keys
  readonly lives: Lives
  readonly revocations: Revocations
  /** Ms since 1970. */
  readonly now: () => number
}

export function signedSessions({ keys, lives, revocations, now }: SignedSessionsOptions): Sessions {
  const pass = (sub: string, sid: string): Pass => ({
    access: signToken(keys, { sub, sid, kind: 'access', lifeMs: lives.accessMs }, now()),
    refresh: signToken(keys, { sub, sid, kind: 'refresh', lifeMs: lives.refreshMs }, now()),
    accessLifeMs: lives.accessMs,
  })
  const read = (token: string, kind: 'access' | 'refresh') => {
    const claims = readToken(keys, token, kind, now())
    return claims && !revocations.has(claims.sid) && !revocations.has(claims.jti) ? claims : undefined
  }
  const endLogin = (sid: string) => revocations.add(sid, now() + lives.refreshMs)
  return {
    open: (user) => Promise.resolve(pass(user, randomUUID())),
    whose: (access) => Promise.resolve(read(access, 'access')?.sub),
    renew: (refresh) => {
      const claims = read(refresh, 'refresh')
      if (!claims) {
        // A refresh token that comes twice was stolen, from one of the two who sent it: the login ends for both.
        const used = readToken(keys, refresh, 'refresh', now())
        if (used) endLogin(used.sid)
        return Promise.resolve(undefined)
      }
      revocations.add(claims.jti, claims.exp * 1000)
      return Promise.resolve(pass(claims.sub, claims.sid))
    },
    close: (access) => {
      const claims = readToken(keys, access, 'access', now())
      if (claims) endLogin(claims.sid)
      return Promise.resolve()
    },
    dependencies: [],
  }
}
