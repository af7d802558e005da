// A second `serve --take-over` on the same ports and state folder: it goes on where the first ends, and nobody notices. One
// that fails leaves the first as it was.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DirectorProcess, startDirector } from '../support/director-process.ts'
import { addressesIn, askTcp } from '../support/dns-client.ts'
import { buildQuery } from '../support/message.ts'
import { sleep, until } from '../support/monotonic.ts'
import { askThrough } from '../support/restarts.ts'
import { createSite, type Site, type WrittenConfig } from '../support/site.ts'

const WWW = { name: 'www.example.com', type: 'A' }
const CONFIG: WrittenConfig = {
  workers: 2,
  regions: { one: { balancers: ['192.0.2.1'] }, two: { balancers: ['192.0.2.2'] } },
  services: { web: { regions: ['one', 'two'], steer: ['weighted'] } },
}

let site: Site
const started: DirectorProcess[] = []

beforeEach(async () => {
  site = await createSite(CONFIG, { 'example.com': 'www IN LB web' })
  started.push(await startDirector(site))
})

afterEach(async () => {
  for (const director of started.splice(0)) {
    director.signal('SIGKILL')
    await director.exited
  }
  site.remove()
})

function startNext(): DirectorProcess {
  const next = new DirectorProcess(site, 'main', { words: ['--take-over'] })
  started.push(next)
  return next
}

async function takeOver(): Promise<DirectorProcess> {
  const next = startNext()
  await next.logged(/^serving on/, 15_000)
  return next
}

describe.runIf(process.platform === 'linux')('taking over', () => {
  test('twice, under 5,000 queries a second: none is lost, and each goes when the next serves', async () => {
    const passage = await askThrough(site, WWW.name, 5000, async () => {
      for (let i = 0; i < 2; i++) {
        const next = await takeOver()
        expect(await started.at(-2)!.exited).toEqual({ code: 0, signal: null })
        expect(started.at(-2)!.log.at(-2)!.msg).toBe(`handed over to process ${next.pid}`)
        expect(addressesIn(await askTcp(site, WWW))).toHaveLength(1)
      }
    })
    console.log(
      `hand-over: ${passage.sent} queries, ${passage.lost} lost, the slowest took ${passage.slowestMs | 0} ms`,
    )
    expect(passage.sent).toBeGreaterThan(1000)
    expect(passage.lost).toBe(0)
  })

  test('connections of the one before finish, and it leaves the state folder alone', async () => {
    const stream = await openStream(site)
    expect(await stream.ask()).toBeGreaterThan(12)
    const next = await takeOver()
    const health = join(site.folder, 'state/health.json')
    expect(existsSync(health)).toBe(true)
    rmSync(health)
    for (let i = 0; i < 3; i++) {
      expect(await stream.ask()).toBeGreaterThan(12)
      await sleep(200)
    }
    stream.end()
    expect(await started[0]!.exited).toEqual({ code: 0, signal: null })
    expect(existsSync(health)).toBe(false)
    expect((await next.status()).listen).toEqual([{ host: site.host, port: site.port }])
    expect(await next.stop()).toEqual({ code: 0, signal: null })
    expect(JSON.parse(readFileSync(health, 'utf8'))).toMatchObject({ version: 1 })
  })

  test('an operator’s word that was acknowledged, at whatever moment of it, holds afterwards', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `r${i}`)
    const regions = Object.fromEntries(names.map((name, i) => [name, { balancers: [`192.0.2.${i + 1}`] }]))
    site.configure({ ...CONFIG, regions, services: { web: { regions: names, steer: ['weighted'] } } })
    started[0]!.signal('SIGHUP')
    await started[0]!.logged(/^reloaded as snapshot/)
    const acknowledged: string[] = []
    let isOver = false
    const drainAll = async () => {
      for (const target of names) {
        if (isOver) return
        if (await drain(target)) acknowledged.push(target)
        await sleep(5)
      }
    }
    const draining = drainAll()
    await takeOver()
    await started[0]!.exited
    await sleep(200)
    isOver = true
    await draining
    const response = await fetch(`${site.adminUrl}/v1/overrides`)
    const { overrides } = (await response.json()) as { overrides: { target: string }[] }
    console.log(`${acknowledged.length} words acknowledged, ${overrides.length} hold`)
    expect(acknowledged.length).toBeGreaterThan(5)
    expect(overrides.map(({ target }) => target)).toEqual(expect.arrayContaining(acknowledged))
  })

  test('with what the next one cannot have: it says so and ends, and the first goes on with all that it had', async () => {
    const listen = [`${site.host}:${site.port}`, '192.0.2.77:5300']
    site.configure({ ...CONFIG, listen })
    const next = startNext()
    expect(await next.exited).toEqual({ code: 1, signal: null })
    expect(next.said).toContain('cannot listen on 192.0.2.77:5300 (UDP): this machine does not have this address')
    await started[0]!.logged(new RegExp(`^process ${next.pid}, which was taking over, is gone: this one goes on$`))
    await until('the HTTP API', () => started[0]!.status().catch(() => undefined))
    expect(addressesIn(await askTcp(site, WWW))).toHaveLength(1)
    site.configure(CONFIG)
    await until('the door', () => existsSync(join(site.folder, 'state/hand-over/door')))
    await takeOver()
    expect(await started[0]!.exited).toEqual({ code: 0, signal: null })
  })

  test('with other addresses: those that stay are taken, a new one is opened, one that goes ends with the first', async () => {
    site.configure({ ...CONFIG, listen: [`${site.host}:${site.port}`, `127.0.0.9:${site.port}`] })
    const second = await takeOver()
    expect(second.said).toContain('(3 of 6 handed over)')
    await started[0]!.exited
    expect(addressesIn(await askTcp({ host: '127.0.0.9', port: site.port }, WWW))).toHaveLength(1)
    site.configure(CONFIG)
    await takeOver()
    await second.exited
    await expect(askTcp({ host: '127.0.0.9', port: site.port }, WWW)).rejects.toThrow('ECONNREFUSED')
    expect(addressesIn(await askTcp(site, WWW))).toHaveLength(1)
  })

  test('from nobody, be it that the last one was killed, is an ordinary start', async () => {
    started[0]!.signal('SIGKILL')
    await started[0]!.exited
    const next = await takeOver()
    expect(next.said).toContain('nobody to take over from: no director runs on')
    expect(addressesIn(await askTcp(site, WWW))).toHaveLength(1)
  })
})

/** Whether the director that has the HTTP API said that it is done. */
async function drain(target: string): Promise<boolean> {
  const body = JSON.stringify({ kind: 'drain', target, reason: 'x', rampMs: 0, overrule: 'a test' })
  const request = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
  return fetch(`${site.adminUrl}/v1/overrides`, request).then(
    ({ ok }) => ok,
    () => false,
  )
}

interface Stream {
  /** The length of the answer; rejects when the connection ends without one. */
  readonly ask: () => Promise<number>
  readonly end: () => void
}

async function openStream({ host, port }: Site): Promise<Stream> {
  const socket = connect(port, host)
  const message = buildQuery(WWW)
  const ask = () => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    socket.once('data', (chunk) => resolve(chunk.length))
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.write(Uint8Array.of(message.length >> 8, message.length & 0xff, ...message))
    return promise
  }
  return { ask, end: () => void socket.end() }
}
