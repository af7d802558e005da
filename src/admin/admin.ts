// The HTTP API of a running director: a bounded HTTP server round the routes. It sees no other part of the program: what it
// shows, and takes, goes through functions that are handed in (routes.ts). It listens on loopback by default.
import { createServer, type Server, type ServerOptions } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { createRoutes, type AdminRefusal, type AdminSources } from './routes.ts'

export interface AdminOptions extends AdminSources {
  /** `port` 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Connections beyond are closed at once. */
  readonly maxConnections: number
  /** For a request to arrive whole. */
  readonly requestTimeoutMs: number
  readonly maxHeaderBytes: number
}

/** How long a connection may wait for its next request: a client that comes again soon need not connect again. */
const KEEP_ALIVE_MS = 5_000
const LOOK_MS = 1_000

/** How long answers under way may take after `stop`, ms. */
const STOP_DEADLINE_MS = 500

/** The listener of the HTTP API. Started once, stopped once. */
export class Admin {
  readonly #options: AdminOptions
  readonly #server: Server

  constructor(options: AdminOptions) {
    this.#options = options
    // The name is for HTTP/1.0 requests without a Host, as health checks of HAProxy are.
    const respond = getRequestListener(createRoutes(options).fetch, {
      overrideGlobalObjects: false,
      hostname: 'localhost',
    })
    this.#server = createServer(limitsOf(options), (request, response) => void respond(request, response))
    this.#server.maxConnections = options.maxConnections
    this.#server.on('drop', () => options.onRefused('connections'))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error.code, socket, options))
  }

  /** Listens. Gives the port, or one line for people on why it cannot. */
  async start(): Promise<{ readonly port: number } | { readonly fault: string }> {
    const { host, port } = this.#options.listen
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      this.#server.once('error', resolve)
      this.#server.listen({ host, port }, () => resolve(undefined))
    })
    if (error) return { fault: describeListenError(error, host, port) }
    this.#server.on('error', this.#options.onError)
    return { port: (this.#server.address() as AddressInfo).port }
  }

  /** Stops listening, ends idle connections at once and busy ones within half a second. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeIdleConnections()
    const deadline = setTimeout(() => this.#server.closeAllConnections(), STOP_DEADLINE_MS)
    await closed
    clearTimeout(deadline)
  }
}

function limitsOf({ requestTimeoutMs, maxHeaderBytes }: AdminOptions): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(LOOK_MS, requestTimeoutMs),
  }
}

/** By the code of Node's error: why a request is refused that never became one, and what is answered. */
const REFUSALS: ReadonlyMap<string | undefined, readonly [AdminRefusal, string]> = new Map([
  ['HPE_HEADER_OVERFLOW', ['head', '431 Request Header Fields Too Large']],
  ['ERR_HTTP_REQUEST_TIMEOUT', ['timeout', '408 Request Timeout']],
])

function refuse(code: string | undefined, socket: Duplex, { onRefused }: AdminOptions): void {
  // The client is gone: nothing is refused, and there is nobody to tell.
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [reason, status] = REFUSALS.get(code) ?? (['malformed', '400 Bad Request'] as const)
  onRefused(reason)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
}

function describeListenError({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const endpoint = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  if (code === 'EADDRINUSE')
    return `admin cannot listen on ${endpoint}: another program has it (ss -ltnp "sport = :${port}" says which)`
  if (code === 'EADDRNOTAVAIL') return `admin cannot listen on ${endpoint}: this machine has no such address`
  if (code === 'EACCES')
    return `admin cannot listen on ${endpoint}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE`
  return `admin cannot listen on ${endpoint}: ${message}`
}
