// unbound as a user's resolver on loopback: each zone is a stub at one of our servers.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchChild } from './child.ts'
import type { Endpoint } from './dns-client.ts'
import { portFreeOn } from './loopback-port.ts'

const HOST = '127.0.0.1'
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`

export const unboundIsMissing = spawnSync('unbound', ['-V'], { env: { PATH } }).error !== undefined

if (unboundIsMissing && process.env.CI === 'true') throw new Error('unbound is needed in CI: apt-get install unbound')
if (unboundIsMissing) console.warn('unbound is missing, so tests with it are skipped: apt-get install unbound')

/** `stubs`: who serves a zone, by its name. Resolves once it says that it has started. */
export async function startUnbound(
  stubs: Readonly<Record<string, Endpoint>>,
): Promise<{ readonly endpoint: Endpoint; readonly stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-unbound-'))
  const port = await portFreeOn(HOST)
  const configFile = join(folder, 'unbound.conf')
  writeFileSync(configFile, configure(port, folder, stubs))
  const child = spawn('unbound', ['-d', '-p', '-c', configFile], { env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = watchChild(child)
  child.stderr.setEncoding('utf8')
  let said = ''
  while (!said.includes('start of service')) {
    const [chunk] = (await Promise.race([once(child.stderr, 'data'), exited.then(() => [undefined])])) as [unknown]
    if (typeof chunk !== 'string') throw new Error(`unbound did not start: ${said}`)
    said += chunk
  }
  child.stderr.resume()
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  return { endpoint: { host: HOST, port }, stop }
}

function configure(port: number, folder: string, stubs: Readonly<Record<string, Endpoint>>): string {
  const zones = Object.entries(stubs).map(
    ([zone, server]) => `stub-zone:\n  name: "${zone}"\n  stub-addr: ${server.host}@${server.port}\n`,
  )
  return `
server:
  interface: ${HOST}
  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  use-syslog: no
  verbosity: 1
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  root-hints: "/dev/null"
remote-control:
  control-enable: no
${zones.join('')}`
}
