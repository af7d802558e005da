import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_SERVER } from '../../src/cli/client.ts'
import { findConnection } from '../../src/cli/connection.ts'

let home: string
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'cli-'))))
afterEach(() => rmSync(home, { recursive: true }))

function write(text: string): void {
  mkdirSync(join(home, 'meridian'), { recursive: true })
  writeFileSync(join(home, 'meridian', 'cli.yaml'), text)
}

test('the command line counts before the environment, that before the file, and that before the usual', () => {
  const from = (server: string | undefined, more = {}) => findConnection(server, { XDG_CONFIG_HOME: home, ...more })
  expect(from(undefined)).toEqual({ server: DEFAULT_SERVER })
  write('server: https://b:1\ntoken: secret\n')
  expect(from(undefined)).toEqual({ server: 'https://b:1', token: 'secret' })
  expect(from(undefined, { MERIDIAN_TOKEN: 'own' })).toEqual({ server: 'https://b:1', token: 'own' })
  expect(from('https://a:1', { MERIDIAN_SERVER: 'https://c:1' }).server).toBe('https://a:1')
})

test('a token of the file goes to no other server than the one beside it', () => {
  write('server: https://b:1\ntoken: secret\n')
  expect(findConnection('https://evil:1', { XDG_CONFIG_HOME: home })).toEqual({ server: 'https://evil:1' })
  expect(findConnection('https://b:1', { XDG_CONFIG_HOME: home }).token).toBe('secret')
})
