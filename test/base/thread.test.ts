import { once } from 'node:events'
import { getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

const THREAD = new URL('../../src/base/thread.ts', import.meta.url).href
const PROGRAM = `
  import { getPriority } from 'node:os'
  import { parentPort } from 'node:worker_threads'
  import { giveWay, ownThread } from '${THREAD}'
  const before = getPriority(ownThread())
  giveWay()
  parentPort.postMessage([before, getPriority(ownThread())])
`

it.skipIf(process.platform !== 'linux')('gives way with one thread alone', async () => {
  const own = getPriority()
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`))
  const [priorities] = (await once(worker, 'message')) as [[number, number]]
  await worker.terminate()
  expect(priorities).toEqual([own, own + 10])
  expect(getPriority()).toBe(own)
})
