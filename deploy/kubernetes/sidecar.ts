// Runs beside each director in its pod, where the HTTP API is on loopback: shows `/metrics`, and nothing else of it, at the
// pod's address, and has changed ConfigMaps taken. The kubelet brings one by pointing the link `..data` of its folder at
// another folder; then this has the director reload, and logs what came of it. While the director cannot be asked (it is
// starting, say) it is asked again; when it refused the files it is not, until they change.
import { readlinkSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const { FOLDERS = '/etc/meridian,/etc/meridian-zones', SERVER = 'http://127.0.0.1:8053' } = process.env
const METRICS_PORT = Number(process.env['METRICS_PORT'] ?? 9153)
const INTERVAL_MS = Number(process.env['INTERVAL_MS'] ?? 2000)
const LIMIT_MS = 5000

async function showMetrics(response: ServerResponse): Promise<void> {
  try {
    const metrics = await fetch(`${SERVER}/metrics`, { signal: AbortSignal.timeout(LIMIT_MS) })
    const text = await metrics.text()
    response
      .writeHead(metrics.status, { 'content-type': metrics.headers.get('content-type') ?? 'text/plain' })
      .end(text)
  } catch (error) {
    response.writeHead(502).end(`the director cannot be asked: ${String(error)}\n`)
  }
}

/** Which version of each folder is there now. */
function versions(): string {
  return FOLDERS.split(',')
    .map((folder) => readlinkSync(join(folder, '..data')))
    .join(' ')
}

/** Whether the director judged the files, whatever it thought of them. */
async function reload(): Promise<boolean> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'the ConfigMap changed' }),
  }
  try {
    const response = await fetch(`${SERVER}/v1/reload`, init)
    console.log(`${response.status} ${await response.text()}`)
    return response.status < 500
  } catch (error) {
    console.log(`the director cannot be asked: ${String(error)}`)
    return false
  }
}

const metrics = createServer(({ method, url }, response) => {
  if (method === 'GET' && url === '/metrics') void showMetrics(response)
  else response.writeHead(404).end()
})
metrics.listen(METRICS_PORT, process.env['METRICS_HOST'])

let judged = versions()
console.log(`watching ${FOLDERS}`)
for (;;) {
  await wait(INTERVAL_MS)
  const seen = versions()
  if (seen !== judged && (await reload())) judged = seen
}
