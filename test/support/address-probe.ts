// A program: a client that asks the shared address every 25 ms, each time on a new connection, and prints a line of JSON
// for each try: which node answered (its X-Region), or none within 200 ms. address-pair.ts runs it in a namespace.
import { request } from 'node:https'
import { monotonicMs } from './monotonic.ts'

const EVERY_MS = 25
const TIMEOUT_MS = 200

const [host = ''] = process.argv.slice(2)

setInterval(() => {
  const at = monotonicMs()
  const tell = (node?: string): boolean => process.stdout.write(`${JSON.stringify({ at, ...(node && { node }) })}\n`)
  const exchange = request({ host, agent: false, rejectUnauthorized: false, timeout: TIMEOUT_MS }, (response) => {
    response.resume()
    tell(response.headers['x-region'] as string)
  })
  exchange.on('timeout', () => exchange.destroy(new Error('timeout')))
  exchange.on('error', () => tell())
  exchange.end()
}, EVERY_MS)
