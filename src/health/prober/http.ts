// The http probe: GET, and a status that is expected, with a body that ends. Redirects are statuses like others and are
// not followed. (fetch would cost two to four times as much CPU as node:http with an agent.)
import { Agent, request, type IncomingMessage } from 'node:http'
import { formatAddress } from '../../base/address.ts'
import type { HttpMonitor } from '../health.ts'
import { createProbe, failure, judgeError, patienceLost, success, type Probe, type Verdict } from './prober.ts'

/** A body longer than this, in bytes, is read no further; the status alone decides then. */
export const MAX_BODY_BYTES = 64 * 1024

export function createHttpProbe(): Probe<HttpMonitor> {
  // Without keep-alive each request has a connection of its own, and says Connection: close.
  const agent = new Agent({ keepAlive: false })
  return createProbe((target, done) => {
    const { monitor } = target
    const exchange = request({
      agent,
      host: formatAddress(target.address),
      port: monitor.port,
      path: monitor.path,
      headers: { 'user-agent': 'meridian', ...(monitor.host === undefined ? {} : { host: monitor.host }) },
    })
    exchange.on('response', (response) => judgeResponse(response, monitor, done))
    exchange.on('error', (error) => done(judgeHttpError(error)))
    exchange.end()
    return () => exchange.destroy()
  })
}

function judgeResponse(response: IncomingMessage, monitor: HttpMonitor, done: (verdict: Verdict) => void): void {
  const status = response.statusCode ?? 0
  if (!monitor.expectedStatus.some(([low, high]) => low <= status && status <= high)) {
    done(failure(String(status)))
    return
  }
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) done(success(String(status)))
  })
  response.on('end', () => done(success(String(status))))
  response.on('error', () => done(patienceLost(`${status}, then closed before the end`)))
}

function judgeHttpError(error: NodeJS.ErrnoException): Verdict {
  return error.code?.startsWith('HPE_') === true ? failure('not an HTTP answer') : judgeError(error)
}
