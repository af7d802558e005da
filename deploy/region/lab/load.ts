// A program: the users. Each network asks at its own steady rate, open-loop: resolve each name through the resolver, telling
// the network (ECS), then GET on a new connection, as curl does; no second try. What each request met is sent to the parent
// in batches. stage.ts starts it.
import { createSocket } from 'node:dgram'
import { request } from 'node:https'
import { decode, encode, RECURSION_DESIRED, type Packet } from '@leichtgewicht/dns-packet'
import { now } from './clock.ts'
import type { Sample } from './measure.ts'
import { NAME, REGIONS, type Ports } from './plan.ts'
import type { Population } from './population.ts'

export interface LoadOrder {
  readonly ports: Ports
  readonly users: Population
  /** Their addresses; users are dealt out among them. */
  readonly resolvers: readonly string[]
  readonly names: readonly string[]
  /** The authority of the regions' certificate, in PEM. Missing: nothing is fetched, names are resolved and no more. */
  readonly ca?: string
}

interface Use {
  /** The name of a region. */
  readonly home: string
  readonly network: string
  readonly resolver: string
  readonly name: string
}

const RESOLVE_MS = 2000
const REQUEST_MS = 3000
const BATCH_MS = 200

let batch: Sample[] = []

process.once('message', (order: LoadOrder) => start(order))
process.on('disconnect', () => process.exit())

function start(order: LoadOrder): void {
  order.users.forEach(({ home, network, rate }, i) => {
    const every = 1000 / rate
    const resolver = order.resolvers[i % order.resolvers.length]!
    const use = (): void => {
      for (const name of order.names) {
        void useOnce({ home: home.name, network, resolver, name }, order).then((sample) => batch.push(sample))
      }
    }
    // Not all at once: each has its own place in the interval.
    setTimeout(() => setInterval(use, every), (i * every) / order.users.length)
  })
  setInterval(() => {
    process.send!(batch)
    batch = []
  }, BATCH_MS)
}

async function useOnce(use: Use, { ports, ca }: LoadOrder): Promise<Sample> {
  const { home, name } = use
  const at = now()
  let met: string | undefined
  const sample = () => ({ at, home, name, ...(met !== undefined && { met }), tookMs: now() - at })
  try {
    const address = await resolve(use, ports.resolver)
    met = REGIONS.find((region) => region.address === address)?.name
    if (ca !== undefined) await get(address, ports.https, ca)
    return sample()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { ...sample(), lost: code ?? message }
  }
}

/** The first address; rejects when there is none within two seconds. */
function resolve({ name, network, resolver }: Use, port: number): Promise<string> {
  const [ip = '', length = ''] = network.split('/')
  const subnet = { code: 'CLIENT_SUBNET', family: 1, sourcePrefixLength: Number(length), scopePrefixLength: 0, ip }
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [subnet] }
  const id = Math.floor(Math.random() * 65_536)
  const query = encode({
    ...{ type: 'query', id, flags: RECURSION_DESIRED },
    ...{ questions: [{ type: 'A', name }], additionals: [opt] },
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
    socket.send(query, port, resolver)
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
