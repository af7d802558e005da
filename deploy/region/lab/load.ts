// A program: the users. Each network asks at its own steady rate, open-loop: resolve through the resolver, telling the
// network (ECS), then GET on a new connection, as curl does; no second try. What each request met is sent to the parent in
// batches. stage.ts starts it.
import { createSocket } from 'node:dgram'
import { request } from 'node:https'
import { decode, encode, RECURSION_DESIRED, type Packet } from '@leichtgewicht/dns-packet'
import type { Sample } from './measure.ts'
import { NAME, RATE, REGIONS, type Ports } from './plan.ts'

export interface LoadOrder {
  readonly ports: Ports
  /** PEM. */
  readonly ca: string
}

const RESOLVE_MS = 2000
const REQUEST_MS = 3000
const BATCH_MS = 200

let batch: Sample[] = []

process.once('message', (order: LoadOrder) => start(order))
process.on('disconnect', () => process.exit())

function start({ ports, ca }: LoadOrder): void {
  const users = REGIONS.flatMap(({ name, networks }) => networks.map((network) => ({ home: name, network })))
  users.forEach(({ home, network }, i) => {
    const use = (): void => void useOnce(home, network, ports, ca).then((sample) => batch.push(sample))
    setTimeout(() => setInterval(use, 1000 / RATE), (i * 1000) / RATE / users.length)
  })
  setInterval(() => {
    process.send!(batch)
    batch = []
  }, BATCH_MS)
}

async function useOnce(home: string, network: string, ports: Ports, ca: string): Promise<Sample> {
  const at = now()
  let met: string | undefined
  try {
    const address = await resolve(network, ports.resolver)
    met = REGIONS.find((region) => region.address === address)?.name
    await get(address, ports.https, ca)
    return { at, home, ...(met !== undefined && { met }), tookMs: now() - at }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { at, home, ...(met !== undefined && { met }), tookMs: now() - at, lost: code ?? message }
  }
}

/** The first address; rejects when there is none within two seconds. */
function resolve(network: string, port: number): Promise<string> {
  const [ip = '', length = ''] = network.split('/')
  const subnet = { code: 'CLIENT_SUBNET', family: 1, sourcePrefixLength: Number(length), scopePrefixLength: 0, ip }
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [subnet] }
  const id = Math.floor(Math.random() * 65_536)
  const query = encode({
    ...{ type: 'query', id, flags: RECURSION_DESIRED },
    ...{ questions: [{ type: 'A', name: NAME }], additionals: [opt] },
  } as unknown as Packet)
  const socket = createSocket('udp4')
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer from the resolver')), RESOLVE_MS)
    socket.on('message', (message) => {
      clearTimeout(timer)
      const { answers = [] } = decode(message)
      const address = answers.find((answer) => answer.type === 'A')
      if (address) resolve(address.data as string)
      else reject(new Error('the name has no address'))
    })
    socket.on('error', reject)
    socket.send(query, port, '127.0.0.1')
  }).finally(() => socket.close())
}

/** Rejects for anything but a 2xx within three seconds. */
function get(host: string, port: number, ca: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const exchange = request(
      { host, port, ca, servername: NAME, headers: { host: NAME }, agent: false },
      (response) => {
        response.resume().on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status >= 200 && status < 300) resolve()
          else reject(new Error(`HTTP ${status}`))
        })
      },
    )
    exchange.on('error', reject)
    exchange.setTimeout(REQUEST_MS, () => exchange.destroy(new Error('timeout')))
    exchange.end()
  })
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
