// The HTTP API of a running director: a bounded HTTP server round the routes. It sees no other part of the program: what it
// shows, and takes, goes through functions that are handed in (routes.ts). It listens on loopback by default.
import { createServer, type Server } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createRoutes, type AdminSources } from './routes.ts'

export interface AdminOptions extends AdminSources {
  /** `port` 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
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
  readonly #server: Server

  constructor(options: AdminOptions) {
    this.#options = options
    // The name is for HTTP/1.0 requests without a Host, as health checks of HAProxy are.
    const respond = getRequestListener(createRoutes(options).fetch, {
      overrideGlobalObjects: false,
      hostname: 'localhost',
    })
    this.#server = createServer(LIMITS, (request, response) => void respond(request, response))
    this.#server.maxConnections = MAX_CONNECTIONS
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

function describeListenError({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const endpoint = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  if (code === 'EADDRINUSE')
    return `admin cannot listen on ${endpoint}: another program has it (ss -ltnp "sport = :${port}" says which)`
  if (code === 'EADDRNOTAVAIL') return `admin cannot listen on ${endpoint}: this machine has no such address`
  if (code === 'EACCES')
    return `admin cannot listen on ${endpoint}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE`
  return `admin cannot listen on ${endpoint}: ${message}`
}
