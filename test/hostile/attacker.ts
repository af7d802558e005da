// A process that makes one kind of hostile load: `attacker.ts KIND HOST PORT RATE`, RATE in datagrams or new connections a
// second. Says `on` over IPC when its load is under way, and what it has done when it is told to stop.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { KINDS, type Behaviour, type Line } from './kinds.ts'
import type { MakePacket } from './packets.ts'

export interface Done {
  readonly datagrams: number
  readonly connections: number
}

interface Target {
  readonly host: string
  readonly port: number
  /** A second. */
  readonly rate: number
}

const SOURCE = '127.9.0.1'
const done = { datagrams: 0, connections: 0 }

const [name, host, port, rate] = process.argv.slice(2)
const kind = KINDS.find((candidate) => candidate.name === name)
if (!kind) throw new Error(`no kind is called ${String(name)}`)
process.on('message', () => process.send!(done satisfies Done, () => process.exit()))
process.once('disconnect', () => process.exit())
await attack({ host: host!, port: Number(port), rate: Number(rate) })
process.send!('on')

async function attack(target: Target): Promise<void> {
  const { load } = kind!
  if ('datagrams' in load) await sendOn(target, load.datagrams)
  else crowd(target, load.crowd, load.from, load.behave)
}

/** So many a second, spread over milliseconds; what is late is left out. */
async function sendOn({ host, port, rate }: Target, make: MakePacket): Promise<void> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 1 << 20 })
  socket.bind(0, SOURCE)
  await once(socket, 'listening')
  // Answers are not for us: nobody reads them, and the kernel drops them.
  const packets = Array.from({ length: 4096 }, (_, round) => make(round))
  pace(rate, () => socket.send(packets[done.datagrams++ % packets.length]!, port, host, () => undefined))
}

/** Keeps so many connections, at most `rate` new ones a second; each host has `ofHost` of them. */
function crowd(target: Target, size: number, ofHost: number, behave: Behaviour): void {
  const free = Array.from({ length: size }, (_, i) => hostOf(Math.floor(i / ofHost)))
  pace(target.rate, () => {
    const localAddress = free.shift()
    if (localAddress === undefined) return
    done.connections++
    const socket = connect({ host: target.host, port: target.port, localAddress, noDelay: true })
    socket.on('error', () => undefined)
    socket.once('connect', () => behave(lineOf(socket)))
    socket.once('close', () => free.push(localAddress))
    socket.resume()
  })
}

function hostOf(number: number): string {
  return `127.9.${1 + (number >> 8)}.${number & 0xff}`
}

function lineOf(socket: Socket): Line {
  return {
    write: (bytes) => {
      if (socket.writable) socket.write(bytes)
    },
    pause: () => {
      socket.pause()
    },
    reset: () => {
      socket.resetAndDestroy()
    },
    every: (ms, act) => {
      const timer = setInterval(act, ms)
      socket.once('close', () => clearInterval(timer))
    },
    onData: (act) => {
      socket.on('data', (chunk: Buffer) => act(chunk.length))
    },
  }
}

function pace(rate: number, act: () => void): void {
  const TICK_MS = 2
  const MOST = Math.ceil((rate * TICK_MS * 5) / 1000)
  let from = performance.now()
  let owed = 0
  setInterval(() => {
    const now = performance.now()
    owed = Math.min(MOST, owed + ((now - from) * rate) / 1000)
    from = now
    for (; owed >= 1; owed--) act()
  }, TICK_MS)
}
