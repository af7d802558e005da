// A server behind a tier under test, in the test's own process: it echoes what it was asked in the header X-Echo, answers
// /health, and can be told to behave otherwise.
import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void

export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

export class TestServer {
  readonly name: string
  readonly host: string
  /** Requests of users, in order; checks are not among them. */
  readonly asked: IncomingMessage[] = []
  /** Status of /health. */
  health = 200
  /** In the place of the echo. */
  behaviour: Behaviour | undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(name: string, host: string, pair: KeyPair | undefined) {
    this.name = name
    this.host = host
    const serve: Behaviour = (request, response) => this.#serve(request, response)
    this.#server = pair ? createHttps(pair, serve) : createHttp(serve)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy())
    })
  }

  static async start(name: string, host: string, pair?: KeyPair): Promise<TestServer> {
    const server = new TestServer(name, host, pair)
    await server.#listen(0)
    return server
  }

  get port(): number {
    return this.#port
  }
  #port = 0

  /** What Upgrade asks for. */
  onUpgrade(take: (request: IncomingMessage, socket: Duplex) => void): void {
    this.#server.on('upgrade', take)
  }

  /** Gone: the listener and every connection are closed. `start` again on the same port with `reopen`. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  reopen(): Promise<void> {
    return this.#listen(this.#port)
  }

  async #listen(port: number): Promise<void> {
    this.#server.listen(port, this.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/health') {
      response.writeHead(this.health).end()
      return
    }
    this.asked.push(request)
    const { url, headers } = request
    response.setHeader('x-echo', JSON.stringify({ server: this.name, url, headers }))
    if (this.behaviour) this.behaviour(request, response)
    else response.setHeader('content-type', 'text/plain').setHeader('etag', '"1"').end(`${this.name}\n`)
  }
}
