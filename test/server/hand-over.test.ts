// The talk between a director and the one that takes over, on both ends, and the descriptors that pass between them.
import { fstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openBasket, sendDescriptors } from '../../src/server/descriptor-mail.ts'
import { Door, doorOf } from '../../src/server/hand-over.ts'
import { loadLinuxCalls, type LinuxCalls } from '../../src/server/linux-calls.ts'
import { loadLinuxSockets, type LinuxSockets } from '../../src/server/linux-sockets.ts'
import { takeOver, type TakenOver } from '../../src/server/take-over.ts'
import { waitUntil } from './fixtures/clients.ts'

const HERE = '127.0.0.1'

let folder: string
let calls: LinuxCalls
let sockets: LinuxSockets
let fds: number[]
/** What the door asked for and told, in order. */
let log: string[]
const doors: Door[] = []

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'meridian-door-')), 'hand-over')
  calls = (await loadLinuxCalls()) as LinuxCalls
  sockets = (await loadLinuxSockets()) as LinuxSockets
  fds = [sockets.openUdp({ host: HERE, port: 0 }), sockets.openTcp({ host: HERE, port: 0 })]
  log = []
})

afterEach(() => {
  for (const door of doors.splice(0)) door.close()
  for (const fd of fds) sockets.close(fd)
  rmSync(join(folder, '..'), { recursive: true })
})

async function openDoor(
  release: () => Promise<void> = async () => void log.push('release'),
): Promise<Door | undefined> {
  const door = await Door.open({
    ...{ folder, release },
    descriptors: () => fds,
    resume: async () => void log.push('resume'),
    onHandedOver: (pid) => log.push(`handed over to ${pid}`),
    onTrouble: (what) => log.push(what),
  })
  if (door) doors.push(door)
  return door
}

function take(): ReturnType<typeof takeOver> {
  return takeOver(
    folder,
    fds.map((fd) => sockets.inspect(fd)!.endpoint),
  )
}

function isTaken(outcome: Awaited<ReturnType<typeof takeOver>>): outcome is TakenOver {
  return typeof outcome === 'object' && 'sockets' in outcome
}

async function logged(...lines: string[]): Promise<void> {
  await waitUntil(
    () => log,
    (all) => all.length >= lines.length,
  )
  expect(log).toEqual(lines)
}

describe.runIf(process.platform === 'linux')('the door', () => {
  test('gives the very same sockets, after it let go of the rest, and hears when the other serves', async () => {
    await openDoor()
    const taken = await take()
    if (!isTaken(taken)) throw new Error(JSON.stringify(taken))
    await logged('release')
    expect(taken.sockets.map(({ fd }) => fstatSync(fd).ino)).toEqual(fds.map((fd) => fstatSync(fd).ino))
    expect(taken.sockets.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    taken.done()
    await logged('release', `handed over to ${process.pid}`)
    for (const { fd } of taken.sockets) sockets.close(fd)
    expect(readdirSync(folder)).toEqual(['door'])
  })

  test('takes up again what it let go of when the other leaves without serving, and gives anew', async () => {
    await openDoor()
    for (let i = 0; i < 2; i++) {
      const taken = await take()
      if (!isTaken(taken)) throw new Error(JSON.stringify(taken))
      for (const { fd } of taken.sockets) sockets.close(fd)
      taken.abandon()
      await waitUntil(
        () => log.length,
        (length) => length === 3 * (i + 1),
      )
    }
    const once = ['release', `process ${process.pid}, which was taking over, is gone: this one goes on`, 'resume']
    expect(log).toEqual([...once, ...once])
  })

  test('gives to one at a time, and says so to the others', async () => {
    let letGo = (): void => undefined
    await openDoor(() => new Promise((resolve) => (letGo = resolve)))
    const first = take()
    await waitUntil(
      () => readdirSync(folder).length,
      (count) => count === 2,
    )
    const second = connect(doorOf(folder))
    expect(await lineOf(second)).toBe('{"refused":"another process is taking over already"}')
    second.destroy()
    letGo()
    const taken = await first
    if (!isTaken(taken)) throw new Error(JSON.stringify(taken))
    for (const { fd } of taken.sockets) sockets.close(fd)
    taken.done()
    await logged(`handed over to ${process.pid}`)
  })

  test.each(['nonsense', '{}', 'null', '{"take":2,"basket":"/x","pid":1}', '{"serving":true}'])(
    'refuses %s, and lets go of nothing',
    async (line) => {
      await openDoor()
      const visitor = connect(doorOf(folder))
      visitor.write(`${line}\n`)
      expect(await lineOf(visitor)).toContain('"refused":"that was not understood')
      visitor.destroy()
      expect(log).toEqual([])
    },
  )

  test('sends nothing where no basket stands, and goes on', async () => {
    await openDoor()
    const visitor = connect(doorOf(folder))
    visitor.write(`${JSON.stringify({ take: 1, basket: join(folder, 'none'), pid: 7 })}\n`)
    expect(await lineOf(visitor)).toContain('"refused":"the sockets could not be sent: sendmsg: ENOENT"')
    visitor.destroy()
    await logged('release', 'process 7, which was taking over, is gone: this one goes on', 'resume')
  })

  test('stands in a folder that is ours alone, also where a killed process left one', async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(doorOf(folder), '')
    await openDoor()
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(isTaken(await take())).toBe(true)
    expect(log).toEqual(['release'])
  })

  test('is left to who has it: a second director of the same folder has none, and says so', async () => {
    await openDoor()
    expect(await openDoor()).toBeUndefined()
    expect(log.at(-1)).toBe(
      `nobody will be able to take over from this process (another director uses the state folder ${folder})`,
    )
  })
})

describe.runIf(process.platform === 'linux')('who takes over', () => {
  test('finds nobody where no director is', async () => {
    expect(await take()).toBe('nobody')
    await openDoor()
    doors.pop()!.close()
    expect(await take()).toBe('nobody')
  })

  test('leaves the sockets of other addresses alone', async () => {
    await openDoor()
    const { endpoint } = sockets.inspect(fds[1]!)!
    const before = openSockets()
    const taken = await takeOver(folder, [endpoint])
    if (!isTaken(taken)) throw new Error(JSON.stringify(taken))
    expect(taken.sockets.map((socket) => socket.endpoint)).toEqual([endpoint])
    taken.abandon()
    await waitUntil(openSockets, (count) => count === before + 1)
    sockets.close(taken.sockets[0]!.fd)
  })

  test('says in one line that the other does not hand over', async () => {
    await openDoor(() => Promise.reject(new Error('the disk is full')))
    expect(await take()).toEqual({
      problem: 'the running director does not hand over: the sockets could not be sent: the disk is full',
    })
  })
})

test.runIf(process.platform === 'linux')('more descriptors than one message carries come whole and in order', () => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'basket')
  const basket = openBasket(calls, path)
  const sent = Array.from({ length: 450 }, (_, i) => fds[i % 2]!)
  sendDescriptors(calls, path, sent)
  const received = basket.receive()
  basket.close()
  expect(received.map((fd) => fstatSync(fd).ino)).toEqual(sent.map((fd) => fstatSync(fd).ino))
  for (const fd of received) sockets.close(fd)
})

function lineOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => createInterface({ input: socket }).once('line', resolve))
}

function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return sockets.inspect(Number(fd)) !== undefined
    } catch {
      return false
    }
  }).length
}
