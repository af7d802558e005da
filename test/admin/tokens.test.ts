import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditLog } from '../../src/admin/audit.ts'
import { TokenBook } from '../../src/admin/tokens.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tokens-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('a token that one process makes, another knows, until it is revoked; its text is kept nowhere', async () => {
  const running = new TokenBook(folder)
  await running.refresh()
  expect(running.isOpen).toBe(true)
  const cli = new TokenBook(folder)
  const text = (await cli.create('oncall', 'operate', 7))!
  expect(await cli.create('oncall', 'read', 7)).toBeUndefined()
  await running.refresh()
  expect(running.isOpen).toBe(false)
  expect(running.find(text)).toEqual({ name: 'oncall', role: 'operate' })
  for (const wrong of [`${text}x`, text.slice(0, -1), '', 'mrd', `x${text}`, 'mrd.00000000.AAAA']) {
    expect(running.find(wrong)).toBeUndefined()
  }
  for (const file of ['tokens.json', 'tokens.copy.json']) {
    expect(readFileSync(join(folder, file), 'utf8')).not.toContain(text.split('.')[2])
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  }
  expect(await cli.revoke('oncall')).toBe(true)
  expect(await cli.revoke('oncall')).toBe(false)
  await running.refresh()
  expect(running.find(text)).toBeUndefined()
})

test('files that are corrupt let nobody in, rather than everybody', async () => {
  const text = (await new TokenBook(folder).create('oncall', 'admin', 7))!
  for (const file of ['tokens.json', 'tokens.copy.json']) writeFileSync(join(folder, file), 'something')
  const book = new TokenBook(folder)
  expect(await book.refresh()).toHaveLength(2)
  await book.refresh()
  expect(book.isOpen).toBe(false)
  expect(book.find(text)).toBeUndefined()
})

test('the audit log is appended to, rotated by size, and read back over a rotation', async () => {
  const troubles: string[] = []
  const log = new AuditLog({ folder, maxBytes: 2000, onTrouble: (what) => troubles.push(what) })
  const entry = (n: number) =>
    ({
      at: 'now',
      who: 'oncall',
      what: 'override.create',
      target: String(n),
      why: 'x'.repeat(100),
      outcome: 'done',
    }) as const
  await Promise.all(Array.from({ length: 30 }, (_, n) => log.append(entry(n))))
  expect(statSync(join(folder, 'audit.log.1')).size).toBeGreaterThan(1900)
  expect((await log.latest(13)).map(({ target }) => Number(target))).toEqual(
    Array.from({ length: 13 }, (_, i) => 17 + i),
  )
  expect(troubles).toEqual([])
  const nowhere = new AuditLog({ folder: join(folder, 'audit.log', 'x'), onTrouble: (what) => troubles.push(what) })
  await nowhere.append(entry(0))
  expect(troubles).toHaveLength(1)
})
