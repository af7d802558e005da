// A program: a director as `serve` starts it, whose threads can be stalled and killed by messages.
import { createLog } from '../../src/base/log.ts'
import { startRunning, type Running } from '../../src/wiring/running.ts'

export type HostOrder =
  | { readonly kind: 'block-main'; readonly ms: number }
  | { readonly kind: 'block-probes'; readonly ms: number }
  | { readonly kind: 'kill'; readonly slot: number }
  | { readonly kind: 'spin'; readonly slot: number; readonly ms: number }

const running = await startRunning({
  configFile: process.argv[2]!,
  version: 'test',
  log: ({ log }) => createLog(log.level),
  testHooks: true,
})
if (!('stop' in running)) throw new Error(JSON.stringify(running))
host(running)

function host(director: Running): void {
  process.on('message', (order: HostOrder) => obey(director, order))
  process.once('SIGTERM', () => void director.stop().then(() => process.disconnect!()))
  process.once('disconnect', () => process.exit())
}

function obey({ server, checker }: Running, order: HostOrder): void {
  if (order.kind === 'block-main') block(order.ms)
  else if (order.kind === 'block-probes') checker.blockForTest(order.ms)
  else if (order.kind === 'kill') server.kill(order.slot)
  else server.spin(order.slot, order.ms)
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
