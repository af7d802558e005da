import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { OverrideBook } from '../../../src/director/overrides/override-book.ts'
import { override } from './sample.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'overrides-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const WRITER = join(import.meta.dirname, '../../support/kill-writer.ts')

/** 200 by `KILLS=200`; as many as are quick otherwise. */
const KILLS = Number(process.env['KILLS'] ?? 12)

async function opened() {
  const book = new OverrideBook(folder)
  const faults = await book.read()
  return { book, faults }
}

test('what was changed is there after a restart; what has ended is let go', async () => {
  const { book, faults } = await opened()
  expect(faults).toEqual([])
  const undo = { at: 30, overMs: 2, owner: 'b', reason: 'c' }
  await book.change((all) => [...all, override({ undo }), override({ id: 'b', expiresAt: 10 })])
  const { book: again } = await opened()
  expect(again.all).toEqual([override({ undo }), override({ id: 'b', expiresAt: 10 })])
  expect(again.version).toBe(1)
  expect((await again.prune(10)).map(({ id }) => id)).toEqual(['b'])
  expect((await opened()).book.all).toEqual([override({ undo })])
})

test('what holds no overrides is corrupt too, whatever its checksum', async () => {
  const { book } = await opened()
  await book.change(() => [{ ...override(), kind: 'dance' as 'drain' }])
  const { book: again, faults } = await opened()
  expect([again.all, faults.length]).toEqual([[], 2])
})

test('changes at once come one after the other', async () => {
  const { book } = await opened()
  await Promise.all(Array.from({ length: 9 }, (_, i) => book.change((all) => [...all, override({ id: String(i) })])))
  expect((await opened()).book.all.map(({ id }) => id)).toEqual('012345678'.split(''))
})

test.each([
  ['torn', (file: string) => truncateSync(file, 40)],
  ['empty', (file: string) => writeFileSync(file, '')],
  ['corrupt', (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('kernel', 'kernal'))],
])('a file that is %s is told of and put aside, and the other copy counts', async (_, spoil) => {
  const { book } = await opened()
  await book.change((all) => [...all, override()])
  for (const name of ['overrides.json', 'overrides.copy.json']) {
    spoil(join(folder, name))
    const { book: again, faults } = await opened()
    expect(again.all).toEqual([override()])
    expect(faults).toMatchObject([{ code: 'kept-file-corrupt', severity: 'warning' }])
    expect(readdirSync(folder)).toContain(`${name}.corrupt`)
    await again.change((all) => [...all])
  }
})

test('with both copies spoilt it starts with none, and says so as an error', async () => {
  const { book } = await opened()
  await book.change((all) => [...all, override()])
  for (const name of ['overrides.json', 'overrides.copy.json']) truncateSync(join(folder, name), 9)
  const { book: again, faults } = await opened()
  expect(again.all).toEqual([])
  expect(faults.map(({ severity }) => severity)).toEqual(['error', 'error'])
})

test(
  `a process that is killed while it writes, ${KILLS} times, loses nothing that it acknowledged`,
  { timeout: KILLS * 2000 },
  async () => {
    const random = seededRandom(8)
    let acknowledged = -1
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = spawn(process.execPath, [WRITER, folder, String(acknowledged + 1)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      writer.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()))
      await once(writer.stdout, 'data')
      setTimeout(() => writer.kill('SIGKILL'), random() * 30)
      await once(writer, 'close')
      acknowledged = Math.max(acknowledged, ...said.trimEnd().split('\n').map(Number))
      const { book, faults } = await opened()
      expect(faults).toEqual([])
      expect(Number(book.all.at(-1)!.id)).toBeGreaterThanOrEqual(acknowledged)
      acknowledged = Number(book.all.at(-1)!.id)
    }
  },
)
