// The application as a program, told by its environment:
//
//   NAME=web-1 LISTEN=127.0.0.1:3001 PASSWORD=… KEYS=new-secret,old-secret PEERS=http://10.0.0.2:3001 node deploy/region/app/main.ts
//   NAME=web-1 LISTEN=127.0.0.1:3001 PASSWORD=… REDIS=127.0.0.1:6379 node deploy/region/app/main.ts
//
// With REDIS sessions are stored there; without, they are signed with KEYS. On SIGTERM /health answers 503 for STOP_MS
// (5000), so that balancers look away first; then what is under way is finished.
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from './app.ts'
import { Redis } from './redis.ts'
import { Revocations } from './revocations.ts'
import { USUAL_LIVES, type Sessions } from './sessions.ts'
import { signedSessions } from './signed-sessions.ts'
import { storedSessions } from './stored-sessions.ts'
import type { Keys } from './tokens.ts'

const LEAST_SECRET = 32
const PULL_EVERY_MS = 2000

const { NAME: name = 'app', LISTEN: listen = '127.0.0.1:3001', STOP_MS: stopMs = '5000', REDIS: redis } = process.env
const revocations = new Revocations(Date.now)
const app = createApp({ name, sessions: chooseSessions(), password: wanted('PASSWORD'), revocations })
const { host, port } = parseEndpoint(listen)
app.server.listen(port, host, () => console.log(`${name} answers on ${listen}`))
if (redis === undefined) pullFromPeers()
process.once('SIGTERM', () => void stop())

function chooseSessions(): Sessions {
  if (redis !== undefined) {
    const { host, port } = parseEndpoint(redis)
    return storedSessions(new Redis(host, port), USUAL_LIVES)
  }
  const keys = wanted('KEYS').split(',')
  if (keys.some((key) => key.length < LEAST_SECRET)) fail(`each of KEYS needs ${LEAST_SECRET} characters or more`)
  return signedSessions({
    keys: keys as [string, ...string[]] satisfies Keys,
    lives: USUAL_LIVES,
    revocations,
    now: Date.now,
  })
}

function pullFromPeers(): void {
  const peers = (process.env['PEERS'] ?? '').split(',').filter(Boolean)
  const pull = async (): Promise<void> => {
    for (const line of await revocations.pull(peers)) console.error(`revocations: ${line}`)
  }
  void pull()
  setInterval(() => void pull(), PULL_EVERY_MS).unref()
}

async function stop(): Promise<void> {
  app.announceStop()
  await sleep(Number(stopMs))
  app.server.close(() => process.exit(0))
  app.server.closeIdleConnections()
}

function wanted(setting: string): string {
  return process.env[setting] ?? fail(`${setting} must be set`)
}

function parseEndpoint(written: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(written) ?? []
  if (host === undefined) return fail(`"${written}" is no address and port, such as 127.0.0.1:3001`)
  return { host, port: Number(port) }
}

function fail(why: string): never {
  console.error(`app: ${why}`)
  process.exit(2)
}
