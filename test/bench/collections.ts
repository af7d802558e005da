// node test/bench/collections.ts: whether a thread that answers ever stops to collect garbage. Serves under --trace-gc, asks
// a mix of queries by dnsperf, and counts scavenges after the first million: who allocates scavenges. The main thread may;
// and threads that idle (TCP, the spare one) are tidied up by V8 in their own time, which is no scavenge.
//   --millions N   of queries, 11 by default
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../support/free-port.ts'
import { load } from './load/dnsperf.ts'
import { KINDS, writeQueries } from './load/kinds.ts'
import { HOST } from './load/peers.ts'
import { startSubject } from './load/sites.ts'

const SECONDS = 5
const { values } = parseArgs({ options: { millions: { type: 'string', default: '11' } } })
const wanted = Number(values.millions) * 1e6
const folder = mkdtempSync(join(tmpdir(), 'meridian-collections-'))
const queries = join(folder, 'queries')
const kinds = KINDS.filter(({ name }) => /mix|nearest/.test(name))
writeFileSync(queries, Buffer.concat(kinds.map(({ queries, counts }) => writeQueries(queries(counts[1])))))
const port = await freePort(HOST)
const work = join(folder, 'work')
mkdirSync(work)
// Its configuration, and nothing more of it.
const first = startSubject('ours', port, work)
first.kill('SIGKILL')
await once(first, 'exit')
const main = join(import.meta.dirname, '../../src/main.ts')
const child = spawn(process.execPath, ['--trace-gc', main, 'serve', '--config', join(work, 'meridian.yaml')], {
  stdio: ['ignore', 'pipe', 'ignore'],
})
let isWarm = false
const scavenges = new Map<string, number>()
let mainThread: string | undefined
child.stdout.on('data', (chunk: Buffer) => {
  for (const [, thread] of chunk.toString().matchAll(/^\[\d+:(0x[0-9a-f]+)\].*Scavenge/gm)) {
    mainThread ??= thread!
    if (isWarm) scavenges.set(thread!, (scavenges.get(thread!) ?? 0) + 1)
  }
})
try {
  await sleep(5000)
  let asked = 0
  while (asked < wanted) {
    const { queriesPerSecond, lost } = await load(port, child.pid!, queries, SECONDS)
    asked += queriesPerSecond * SECONDS
    isWarm ||= asked > 1e6
    console.log(`${(asked / 1e6).toFixed(1)} million answered, ${lost} lost`)
  }
  const others = [...scavenges].filter(([thread]) => thread !== mainThread)
  const ofOthers = others.reduce((sum, [, count]) => sum + count, 0)
  console.log(`scavenges after the first million: main thread ${scavenges.get(mainThread!) ?? 0}, others ${ofOthers}`)
  if (ofOthers > 0) process.exitCode = 1
} finally {
  child.kill('SIGTERM')
  await once(child, 'exit')
  rmSync(folder, { recursive: true })
}
