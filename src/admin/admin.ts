// The HTTP API of a running director: a bounded HTTP server round the routes. It sees no other part of the program: what it
// shows, takes and changes goes through functions that are handed in (routes.ts).
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIPv6, type AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createRoutes, type AdminSources } from './routes.ts'

export interface AdminOptions extends AdminSources {
  /** `port` 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Paths of PEM files; missing: plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/** Limits on what clients may hold: requests are small and answers are made at once. */
const LIMITS = {
  maxHeaderSize: 8 << 10,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}
const MAX_CONNECTIONS = 64

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
    server.maxConnections = MAX_CONNECTIONS
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
    if (!tls) return createServer(LIMITS, this.#answer)
    try {
      const pem = { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }
      return createTlsServer({ ...LIMITS, ...pem }, this.#answer)
    } catch (error) {
      return { fault: `admin cannot serve TLS: ${(error as Error).message}` }
    }
  }
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
