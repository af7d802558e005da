// A program for test/bench/probes.ts: answers 200 to every HTTP request on every loopback address, by bare sockets so that
// it costs little; with the paths of a certificate and its key, over TLS. Tells its port.
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n'
const [certificate, key] = process.argv.slice(2)

const server =
  certificate === undefined || key === undefined
    ? createServer(serve)
    : createTls({ cert: readFileSync(certificate), key: readFileSync(key) }, serve)
server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () => process.send!((server.address() as AddressInfo).port))

function serve(socket: Socket): void {
  socket.on('data', (chunk: Buffer) => {
    if (chunk.includes('connection: close')) socket.end(ANSWER)
    else socket.write(ANSWER)
  })
  socket.on('error', () => socket.destroy())
}
