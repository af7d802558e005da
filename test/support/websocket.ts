// A WebSocket by hand (RFC 6455), for a peer that echoes bytes: the handshake over TLS, then raw bytes both ways.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

export class WebSocketProbe {
  readonly #socket: TLSSocket

  private constructor(socket: TLSSocket) {
    this.#socket = socket
  }

  /** Rejects when the peer does not switch protocols as RFC 6455, §4.1 wants it. */
  static async open(port: number, ca: Buffer, path: string): Promise<WebSocketProbe> {
    const socket = connect({ port, host: '127.0.0.1', servername: 'www.example.com', ca, ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    const key = randomBytes(16).toString('base64')
    const lines = [`GET ${path} HTTP/1.1`, 'Host: www.example.com', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write([...lines, `Sec-WebSocket-Key: ${key}`, 'Sec-WebSocket-Version: 13', '', ''].join('\r\n'))
    const [head] = (await once(socket, 'data')) as [Buffer]
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    const switched = /^HTTP\/1.1 101 /.test(head.toString()) && head.toString().includes(accept)
    if (!switched) throw new Error(`no WebSocket: ${head.toString()}`)
    return new WebSocketProbe(socket)
  }

  /** Sends bytes and gives those that come next. */
  async exchange(text: string): Promise<string> {
    this.#socket.write(text)
    const [data] = (await once(this.#socket, 'data')) as [Buffer]
    return data.toString()
  }

  close(): void {
    this.#socket.destroy()
  }
}
