// What /health says: whether this server can serve, which is whether everything is there that it cannot do without.
import type { Dependency } from './sessions.ts'

export interface Health {
  readonly status: 200 | 503
  readonly body: {
    readonly healthy: boolean
    /** One line on what is wrong. */
    readonly reason?: string
    readonly dependencies: Readonly<Record<string, string>>
  }
}

/** Below the timeout of any check, so that the reason gets through. */
const LIMIT_MS = 2000

/** `stopping`: a server that was told to end gets no new users. */
export async function judgeHealth(dependencies: readonly Dependency[], stopping: boolean): Promise<Health> {
  const states = await Promise.all(dependencies.map(async (each) => [each.name, await stateOf(each)] as const))
  const wrong = states.filter(([, state]) => state !== 'ok').map(([name, state]) => `${name}: ${state}`)
  const reasons = [...(stopping ? ['stopping'] : []), ...wrong]
  const healthy = reasons.length === 0
  const told = { healthy, ...(!healthy && { reason: reasons.join('; ') }), dependencies: Object.fromEntries(states) }
  return { status: healthy ? 200 : 503, body: told }
}

async function stateOf({ check }: Dependency): Promise<string> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`silent for ${LIMIT_MS} ms`)), LIMIT_MS)
  try {
    await Promise.race([check(), late])
    return 'ok'
  } catch (error) {
    return (error as Error).message
  } finally {
    clearTimeout(timer)
  }
}
