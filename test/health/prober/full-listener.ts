// A program for tests: listens on 127.1.0.1, or on every address when asked, fills its own queue of connections and then
// blocks, so that further attempts to connect get no answer at all. Tells its port.
import { connect, createServer, type AddressInfo } from 'node:net'

const server = createServer()
server.listen({ port: 0, host: process.argv[2] ?? '127.1.0.1', backlog: 1 }, () => {
  const { port, address } = server.address() as AddressInfo
  const host = address === '0.0.0.0' ? '127.1.0.1' : address
  for (let i = 0; i < 8; i++) connect({ port, host }).on('error', () => undefined)
  // Connections begin in the next tick; blocked from then on, nothing is accepted, and the queue of the kernel is full.
  process.nextTick(() => {
    process.send!(port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
})
