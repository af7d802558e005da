// Runs beside each director in its pod. The kubelet brings a changed ConfigMap by pointing the link `..data` of its folder at
// another folder; then this has the director reload by its API, and logs what came of it. When the director cannot be asked
// (it is starting, or wants another token) it is asked again; when it refused the files it is not, until they change.
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const { FOLDERS = '/etc/meridian,/etc/meridian-zones', SERVER = 'http://127.0.0.1:8053', MERIDIAN_TOKEN } = process.env
const INTERVAL_MS = Number(process.env['INTERVAL_MS'] ?? 2000)

const authorization = MERIDIAN_TOKEN === undefined ? {} : { authorization: `Bearer ${MERIDIAN_TOKEN}` }

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
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify({ reason: 'the ConfigMap changed' }),
  }
  try {
    const response = await fetch(`${SERVER}/v1/reload`, init)
    console.log(`${response.status} ${await response.text()}`)
    return response.ok || (![401, 403].includes(response.status) && response.status < 500)
  } catch (error) {
    console.log(`the director cannot be asked: ${String(error)}`)
    return false
  }
}

let judged = versions()
console.log(`watching ${FOLDERS}`)
for (;;) {
  await wait(INTERVAL_MS)
  const seen = versions()
  if (seen !== judged && (await reload())) judged = seen
}
