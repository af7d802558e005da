// Fetches the text of a report: GET over HTTP, or `show stat` on HAProxy's socket. Bounded in time and in bytes; never
// rejects. Text is read whole and parsed on the calling thread: 4 MiB take it some 20 ms.
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import type { ReportPlace } from './source.ts'

export const MAX_REPORT_BYTES = 4 << 20

export type Fetched = { readonly text: string } | { readonly problem: string }

export function fetchText(from: ReportPlace, timeoutMs: number): Promise<Fetched> {
  return new Promise((resolve) => {
    const end = (fetched: Fetched): void => {
      clearTimeout(timer)
      resolve(fetched)
      close()
    }
    const timer = setTimeout(() => end({ problem: `no whole report within ${timeoutMs} ms` }), timeoutMs)
    const close = 'url' in from ? getUrl(from.url, end) : askSocket(from.socket, end)
  })
}

type End = (fetched: Fetched) => void

function getUrl(url: string, end: End): () => void {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  const exchange = request(url, { agent: false, headers: { 'user-agent': 'meridian', accept: 'text/plain, */*' } })
  exchange.on('response', (response: IncomingMessage) => {
    if (response.statusCode === 200) readAll(response, end)
    else end({ problem: `HTTP status ${response.statusCode ?? 0}` })
  })
  exchange.on('error', (error: NodeJS.ErrnoException) => end({ problem: error.code ?? error.message }))
  exchange.end()
  return () => exchange.destroy()
}

function askSocket(path: string, end: End): () => void {
  const socket = connect({ path })
  socket.on('connect', () => socket.write('show stat\n'))
  readAll(socket, end)
  return () => socket.destroy()
}

function readAll(stream: Readable, end: End): void {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_REPORT_BYTES) end({ problem: `more than ${MAX_REPORT_BYTES >> 20} MiB` })
  })
  stream.on('end', () => end({ text: Buffer.concat(chunks).toString() }))
  stream.on('error', (error: NodeJS.ErrnoException) => end({ problem: error.code ?? error.message }))
}
