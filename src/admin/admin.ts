// The HTTP API of a running director: a bounded HTTP server round the routes. It sees no other part of the program: what it
// shows, takes and changes goes through functions that are handed in (routes.ts).
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIPv6, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { createRoutes, type AdminRefusal, type AdminSources } from './routes.ts'

export interface AdminOptions extends AdminSources {
  /** `port` 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Paths of PEM files; missing: plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string }
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
  readonly #answer: RequestListener
  #server: Server | undefined

  constructor(options: AdminOptions) {
    this.#options = options
    // The name is for HTTP/1.0 requests without a Host, as health checks of HAProxy are.
    const respond = getRequestListener(createRoutes(options).fetch, {
      overrideGlobalObjects: false,
      hostname: 'localhost',
    })
    this.#answer = (request, response) => void respond(request, response)
  }

  /** Listens. Gives the port, or one line for people on why it cannot. */
  async start(): Promise<{ readonly port: number } | { readonly fault: string }> {
    const { host, port } = this.#options.listen
    const server = this.#create()
    if ('fault' in server) return server
    server.maxConnections = this.#options.maxConnections
    server.on('drop', () => this.#options.onRefused('connections'))
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error.code, socket, this.#options))
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve)
      server.listen({ host, port }, () => resolve(undefined))
    })
    if (error) return { fault: describeListenError(error, host, port) }
    server.on('error', this.#options.onError)
    this.#server = server
    return { port: (server.address() as AddressInfo).port }
  }

  /** Stops listening, ends idle connections at once and busy ones within half a second. */
  async stop(): Promise<void> {
    const server = this.#server
    if (!server?.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const deadline = setTimeout(() => server.closeAllConnections(), STOP_DEADLINE_MS)
    await closed
    clearTimeout(deadline)
  }

  #create(): Server | { readonly fault: string } {
    const { tls } = this.#options
    const limits = limitsOf(this.#options)
    if (!tls) return createServer(limits, this.#answer)
    try {
      const pem = { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }
      return createTlsServer({ ...limits, ...pem }, this.#answer)
    } catch (error) {
      return { fault: `admin cannot serve TLS: ${(error as Error).message}` }
    }
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
