// Sessions in a store that all servers share: a pass is a random number, and Redis knows whose. A logout counts at once
// and everywhere; in return no server is of use without the store, and says so in /health.
import { randomBytes } from 'node:crypto'
import type { Redis } from './redis.ts'
import type { Lives, Pass, Sessions } from './sessions.ts'

/** `session:ACCESS` and `renewal:REFRESH` hold the login's number and the user; `login:NUMBER` says that it is open. */
export function storedSessions(redis: Redis, lives: Lives): Sessions {
  const issue = async (login: string, user: string): Promise<Pass> => {
    const [access, refresh] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
    const entry = JSON.stringify({ login, user })
    await Promise.all([
      redis.order('SET', `login:${login}`, user, 'PX', String(lives.refreshMs)),
      redis.order('SET', `session:${access}`, entry, 'PX', String(lives.accessMs)),
      redis.order('SET', `renewal:${refresh}`, entry, 'PX', String(lives.refreshMs)),
    ])
    return { access, refresh, accessLifeMs: lives.accessMs }
  }
  const readEntry = async (order: 'GET' | 'GETDEL', key: string): Promise<Entry | undefined> => {
    const text = await redis.order(order, key)
    if (typeof text !== 'string') return undefined
    const entry = JSON.parse(text) as Entry
    return (await redis.order('EXISTS', `login:${entry.login}`)) === 1 ? entry : undefined
  }
  return {
    open: (user) => issue(randomBytes(16).toString('base64url'), user),
    whose: async (access) => (await readEntry('GET', `session:${access}`))?.user,
    renew: async (refresh) => {
      const entry = await readEntry('GETDEL', `renewal:${refresh}`)
      return entry && issue(entry.login, entry.user)
    },
    close: async (access) => {
      const entry = await readEntry('GET', `session:${access}`)
      if (entry) await redis.order('DEL', `login:${entry.login}`)
    },
    dependencies: [{ name: 'redis', check: () => redis.order('PING') }],
  }
}

interface Entry {
  readonly login: string
  readonly user: string
}
