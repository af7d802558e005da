// Sockets that somebody else holds (systemd's socket units), and what systemd is told: a restart loses nothing, what is
// handed over is checked, and programs that the director starts see none of it.
import { createServer } from 'node:net'
import { openSync, closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DirectorProcess } from '../support/director-process.ts'
import { addressesIn, askOn, askTcp, openFlow } from '../support/dns-client.ts'
import { monotonicMs, sleep, until } from '../support/monotonic.ts'
import { askThrough } from '../support/restarts.ts'
import { FakeServiceManager } from '../support/service-manager.ts'
import { createSite, type Site } from '../support/site.ts'
import { SocketHolder } from '../support/socket-holder.ts'

const ZONES = { 'example.com': 'www IN LB web' }
const WWW = { name: 'www.example.com', type: 'A' }
const REGIONS = { one: { balancers: ['192.0.2.1'] }, two: { balancers: ['192.0.2.2'] } }
const SERVICES = { web: { regions: ['one', 'two'], steer: ['weighted'] } }

const isLinux = process.platform === 'linux'
const hasRoom = await SocketHolder.hasRoom()

let site: Site
let holder: SocketHolder
let director: DirectorProcess | undefined

beforeEach(async () => {
  site = await createSite({ workers: 2, regions: REGIONS, services: SERVICES }, ZONES)
  holder = await SocketHolder.create()
})

afterEach(async () => {
  director?.signal('SIGKILL')
  await director?.exited
  director = undefined
  holder.close()
  site.remove()
})

function holdAll(...hosts: readonly string[]): void {
  for (const host of hosts) {
    holder.hold('udp', { host, port: site.port })
    holder.hold('tcp', { host, port: site.port })
  }
}

async function start(launch?: Parameters<SocketHolder['start']>[1]): Promise<DirectorProcess> {
  director = holder.start(site, launch)
  await director.logged(/^serving on/, 15_000)
  return director
}

describe.runIf(isLinux)('sockets handed over', () => {
  test.skipIf(!hasRoom)('a restart under 5,000 queries a second loses none, by UDP or TCP', async () => {
    holdAll('127.0.0.1')
    const first = await start()
    expect(first.said).toContain('sockets handed over, shared by 2 workers')
    const passage = await askThrough(site, WWW.name, 5000, async () => {
      expect(await first.stop()).toEqual({ code: 0, signal: null })
      const byTcp = askTcp(site, WWW, 15_000)
      await start()
      expect(addressesIn(await byTcp)).toHaveLength(1)
    })
    console.log(`restart: ${passage.sent} queries, ${passage.lost} lost, the slowest took ${passage.slowestMs | 0} ms`)
    expect(passage.sent).toBeGreaterThan(1000)
    expect(passage.lost).toBe(0)
  })

  test('what waited is answered, in both families, and not before the answer is right', async () => {
    const nobody = await deadPort()
    const l7 = { type: 'tcp', port: nobody, interval: '200ms', timeout: '100ms' }
    const touchy = { two: { monitor: 'l7', balancers: ['127.0.0.2'] }, one: REGIONS.one }
    site.configure({ ...listening(), monitors: { l7 }, regions: touchy, services: SERVICES })
    holdAll('127.0.0.1', '::1')
    const waiting = Promise.all(
      ['127.0.0.1', '::1'].map(async (host) => {
        const flow = await openFlow({ host, port: site.port })
        const answers = await Promise.all([1, 2, 3, 4].map((id) => askOn(flow, { ...WWW, id }, 15_000)))
        flow.close()
        return answers.map((answer) => addressesIn(answer!).join())
      }),
    )
    await start()
    const all = Array<string>(4).fill('192.0.2.1')
    expect(await waiting).toEqual([all, all])
  })

  test('what is not handed over is opened as ever', async () => {
    site.configure({ ...listening(), regions: REGIONS, services: SERVICES })
    holder.hold('udp', site)
    const { said } = await start()
    expect(said).toContain('(1 of 5 handed over)')
    for (const host of ['127.0.0.1', '::1']) {
      const flow = await openFlow({ host, port: site.port })
      expect(await askOn(flow, WWW)).toBeDefined()
      expect(addressesIn(await askTcp({ host, port: site.port }, WWW))).toHaveLength(1)
      flow.close()
    }
  })

  test('what is handed over and not listed, or is no socket of ours, is a fault that says so', async () => {
    holdAll('127.0.0.1')
    holder.hold('udp', { host: '127.0.0.7', port: site.port })
    director = holder.start(site)
    expect(await director.exited).toEqual({ code: 1, signal: null })
    expect(director.said).toContain(
      `cannot listen on 127.0.0.7:${site.port} (UDP): a socket of it was handed over (udp.socket), ` +
        `and \`listen\` does not name it; add "127.0.0.7:${site.port}" to \`listen\``,
    )
    const file = openSync('/dev/null', 'r')
    holder.holdDescriptor(file, 'fifo')
    closeSync(file)
    director = holder.start(site)
    expect(await director.exited).toEqual({ code: 1, signal: null })
    expect(director.said).toContain('neither a UDP socket nor a listening TCP socket: descriptor 6 (fifo)')
  })

  test('what was meant for another process is left alone, and told of', async () => {
    director = holder.start(site, { env: { LISTEN_FDS: '1' }, isMeantForAnother: true })
    await director.logged(/^serving on/, 15_000)
    expect(director.said).toContain('sockets were handed over to process 1, and this is')
  })

  test('programs that the director starts inherit neither sockets nor variables', async () => {
    const seen = join(site.folder, 'seen')
    const command = ['/bin/sh', '-c', `env >${seen}.new; ls -l /proc/self/fd >>${seen}.new; mv ${seen}.new ${seen}`]
    const regions = { ...REGIONS, one: { ...REGIONS.one, monitor: 'l7' } }
    site.configure({ monitors: { l7: { type: 'exec', command } }, regions, services: SERVICES })
    holdAll('127.0.0.1')
    const manager = await FakeServiceManager.listen(join(site.folder, 'notify'))
    await start({ env: { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '60000000' } })
    manager.close()
    const text = await until('the probe', () => {
      try {
        return readFileSync(seen, 'utf8')
      } catch {
        return undefined
      }
    })
    expect(text).toContain('PATH=')
    expect(text).not.toMatch(/LISTEN_|NOTIFY_SOCKET|WATCHDOG_/)
    expect(text).toMatch(/ [012] -> /)
    expect(text).not.toMatch(/ (?:[3-9]|\d\d+) -> socket/)
  })
})

describe.runIf(isLinux)('the service manager', () => {
  test.each(['a path', 'an abstract address'])(
    'at %s hears when answers are right, of reloads and of the end',
    async (at) => {
      const path = at === 'a path' ? join(site.folder, 'notify') : `@meridian-${site.port}`
      const manager = await FakeServiceManager.listen(path)
      const told = (what: RegExp) =>
        until(`${String(what)} told`, () => manager.told.find(({ text }) => what.test(text)))
      holdAll('127.0.0.1')
      director = holder.start(site, { env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' } })
      const { text } = await told(/^READY=1/)
      expect(text).toBe(`READY=1\nSTATUS=serving on 127.0.0.1:${site.port}`)
      expect(addressesIn(await askTcp(site, WWW))).toHaveLength(1)
      await sleep(500)
      const beats = manager.told.filter(({ text }) => text === 'WATCHDOG=1')
      expect(beats.length).toBeGreaterThanOrEqual(4)
      manager.told.length = 0
      const before = monotonicMs()
      director.signal('SIGHUP')
      const reloading = await told(/^RELOADING=1\nMONOTONIC_USEC=\d+$/)
      const sentAt = Number(/\d+$/.exec(reloading.text)![0]) / 1000
      expect(sentAt).toBeGreaterThanOrEqual(before)
      expect(sentAt).toBeLessThanOrEqual(reloading.at)
      const ready = await told(/^READY=1\nSTATUS=serving snapshot 2$/)
      expect(manager.told.indexOf(ready)).toBeGreaterThan(manager.told.indexOf(reloading))
      expect(await director.stop()).toEqual({ code: 0, signal: null })
      await told(/^STOPPING=1$/)
      manager.close()
    },
  )

  test('who is not there is told of, and nothing else suffers', async () => {
    holdAll('127.0.0.1')
    const { said } = await start({ env: { NOTIFY_SOCKET: join(site.folder, 'nobody') } })
    expect(said).toContain('systemd was not told READY=1: sendto: ENOENT')
    expect(addressesIn(await askTcp(site, WWW))).toHaveLength(1)
  })
})

function listening() {
  return { workers: 2, listen: [`127.0.0.1:${site.port}`, `[::1]:${site.port}`] }
}

/** A port that refuses connections. */
async function deadPort(): Promise<number> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<number>()
  server.listen(0, '127.0.0.2', () => resolve((server.address() as { port: number }).port))
  const port = await promise
  await new Promise((closed) => server.close(closed))
  return port
}
