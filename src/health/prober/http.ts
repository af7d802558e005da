// The http and https probes: one request, redirects as asked, and an answer that is as expected (http-answer.ts).
// (fetch would cost two to four times as much CPU as node:http, and an agent 7 % more where nothing is kept.)
import {
  Agent as HttpAgent,
  request as requestHttp,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { connect, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { formatAddress } from '../../base/address.ts'
import type { HttpMonitor, TlsRules } from '../monitor.ts'
import { judgeAnswer } from './http-answer.ts'
import { createProbe, failure, type Probe, type TargetOf, type Telling, type Verdict } from './prober.ts'
import { judgeCertificate, judgeTlsError, type TlsSettings } from './tls-rules.ts'

/** Rules for a redirect from http to https, whose monitor has none. */
const PLAIN_RULES: TlsRules = { verify: true, minDaysValid: 0 }

/** What connects: the options of a request that say so. */
type ConnectorFor = (monitor: HttpMonitor, isSecure: boolean) => Pick<RequestOptions, 'agent' | 'createConnection'>

/** What is asked now; a redirect asks for something else. */
interface Asked {
  readonly isSecure: boolean
  readonly port: number
  readonly path: string
  /** Missing: the target's address. */
  readonly host?: string
  readonly redirectsLeft: number
}

export function createHttpProbe(settings: TlsSettings): Probe<HttpMonitor> {
  const connectorFor = createConnectors()
  return createProbe((target, telling) => {
    const { monitor } = target
    let exchange: ClientRequest
    let answer: IncomingMessage | undefined
    const ask = (asked: Asked): void => {
      answer = undefined
      exchange = send(target, asked, connectorFor, settings, telling.wall())
      exchange.on('socket', (socket: Socket) => watchStages(socket, asked.isSecure, telling))
      exchange.on('response', (response) => {
        answer = response
        const next = redirectOf(response, asked)
        if (next === undefined) judge(response, monitor, telling)
        else {
          exchange.destroy()
          ask(next)
        }
      })
      const current = exchange
      exchange.on('error', (error: NodeJS.ErrnoException) => {
        if (current !== exchange) return
        // A kept connection that the server has just closed says nothing of the server.
        if (current.reusedSocket && error.code === 'ECONNRESET') ask(asked)
        else telling.done(judgeHttpError(error))
      })
      exchange.end()
    }
    const { port, path, host, redirects } = monitor
    const isSecure = monitor.type === 'https'
    ask({ isSecure, port, path, redirectsLeft: redirects, ...(host !== undefined && { host }) })
    return () => {
      // One that was answered to the end is the agent's, to be kept or closed; to destroy it might close what is to be kept.
      if (answer?.complete !== true) exchange.destroy()
    }
  })
}

/** Without keep-alive each request has a connection of its own, and says Connection: close. No session is resumed. */
function createConnectors(): ConnectorFor {
  const plain = { kept: { agent: new HttpAgent({ keepAlive: true }) }, fresh: { createConnection: connectPlainly } }
  const fresh = { agent: new HttpsAgent({ keepAlive: false, maxCachedSessions: 0 }) }
  const kept = new Map<string, { readonly agent: HttpsAgent }>()
  return ({ keepAlive, tls }, isSecure) => {
    if (!isSecure) return keepAlive ? plain.kept : plain.fresh
    if (!keepAlive) return fresh
    // Connections are shared only by those with the same rules.
    const key = JSON.stringify(tls)
    const known = kept.get(key) ?? { agent: new HttpsAgent({ keepAlive: true, maxCachedSessions: 0 }) }
    kept.set(key, known)
    return known
  }
}

function connectPlainly({ host, port }: RequestOptions): Socket {
  return connect({ host: host!, port: Number(port) })
}

function send(
  { address, monitor }: TargetOf<HttpMonitor>,
  { isSecure, port, path, host }: Asked,
  connectorFor: ConnectorFor,
  settings: TlsSettings,
  wall: number,
): ClientRequest {
  const { method, keepAlive } = monitor
  const headers = {
    'user-agent': 'meridian',
    ...monitor.headers,
    ...(host !== undefined && { host }),
    ...(!keepAlive && { connection: 'close' }),
  }
  const options = { ...connectorFor(monitor, isSecure), host: formatAddress(address), port, method, path, headers }
  return isSecure ? requestHttps({ ...options, ...settings(monitor.tls ?? PLAIN_RULES, wall) }) : requestHttp(options)
}

function watchStages(socket: Socket, isSecure: boolean, { reach }: Telling): void {
  // A kept connection would gather listeners.
  if (!socket.connecting) {
    reach('connected, no answer')
    return
  }
  socket.once('connect', () => reach(isSecure ? 'connected, no TLS' : 'connected, no answer'))
  if (isSecure) socket.once('secureConnect', () => reach('connected, no answer'))
}

/** Where to ask next: at the same address, whatever name the Location has; undefined when this is no redirect to follow. */
function redirectOf({ statusCode = 0, headers }: IncomingMessage, asked: Asked): Asked | undefined {
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode)
  if (!isRedirect || asked.redirectsLeft === 0 || headers.location === undefined) return undefined
  const scheme = asked.isSecure ? 'https' : 'http'
  const url = URL.parse(headers.location, `${scheme}://${asked.host ?? 'address.invalid'}${asked.path}`)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  const isSecure = url.protocol === 'https:'
  const port = url.port === '' ? samePortOr(asked, isSecure) : Number(url.port)
  const host = url.hostname === 'address.invalid' ? {} : { host: url.host }
  return { isSecure, port, path: url.pathname + url.search, redirectsLeft: asked.redirectsLeft - 1, ...host }
}

function samePortOr({ isSecure: wasSecure, port }: Asked, isSecure: boolean): number {
  if (wasSecure === isSecure) return port
  return isSecure ? 443 : 80
}

function judge(response: IncomingMessage, monitor: HttpMonitor, telling: Telling): void {
  const { socket } = response
  const rules = monitor.tls ?? PLAIN_RULES
  const refused = socket instanceof TLSSocket ? judgeCertificate(socket, rules, telling.wall()) : undefined
  if (refused === undefined) judgeAnswer(response, monitor, telling)
  else telling.done(refused)
}

function judgeHttpError(error: NodeJS.ErrnoException): Verdict {
  return error.code?.startsWith('HPE_') === true ? failure('not an HTTP answer') : judgeTlsError(error)
}
