// A program for test/bench/probes.ts: bare node:http requests, RATE a second on new connections to PORT, and nothing else:
// what the machine charges for them now. Tells the CPU of its process as a fraction of a core.
import { Agent, request } from 'node:http'

const [port, rate] = process.argv.slice(2).map(Number) as [number, number]
const WARM_UP_MS = 3000
const MEASURE_MS = 10_000
const agent = new Agent({ keepAlive: false })
const began = performance.now()
let asked = 0
setInterval(() => {
  while (asked < ((performance.now() - began) * rate) / 1000) ask(asked++)
}, 1)
setTimeout(() => {
  const before = process.cpuUsage()
  setTimeout(() => {
    const { user, system } = process.cpuUsage(before)
    process.send!((user + system) / 1000 / MEASURE_MS, () => process.exit())
  }, MEASURE_MS)
}, WARM_UP_MS)

function ask(i: number): void {
  const host = `127.2.${(i >> 8) & 0x1f}.${i & 0xff}`
  const exchange = request({ agent, host, port, path: '/health', headers: { 'user-agent': 'meridian' } })
  exchange.on('response', (response) => response.resume().on('end', () => exchange.destroy()))
  exchange.on('error', (error) => console.error(error.message))
  exchange.end()
}
