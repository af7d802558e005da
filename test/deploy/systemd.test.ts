// deploy/systemd: systemd itself takes the units, the service is as confined as the guide says, and what the units say fits
// the program.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isInstalled } from '../support/client-output.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')
const UNITS = join(DEPLOY, 'systemd')
const guide = readFileSync(join(DEPLOY, 'README.md'), 'utf8')

const noSystemd = !isInstalled('systemd-analyze') && process.env['CI'] === undefined
if (noSystemd) console.warn('systemd-analyze is missing, so units are not verified: apt-get install systemd')

/** Lines of a unit by their key. */
function readUnit(name: string): (key: string) => string[] {
  const lines = readFileSync(join(UNITS, name), 'utf8').split('\n')
  return (key) => lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
}

const service = readUnit('meridian.service')
const socket = readUnit('meridian.socket')

describe.skipIf(noSystemd)('systemd', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meridian-units-'))
    cpSync(UNITS, folder, { recursive: true })
    // Where there is no command `meridian`, systemd would complain of that.
    const program = join(folder, 'meridian')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
    const text = readFileSync(join(folder, 'meridian.service'), 'utf8')
    writeFileSync(join(folder, 'meridian.service'), text.replace('ExecStart=meridian ', `ExecStart=${program} `))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('takes the units without a word', () => {
    expect(run('systemd-analyze', 'verify', 'meridian.service', 'meridian.socket')).toEqual({ status: 0, output: '' })
  })

  test('finds the service as confined as the guide says', () => {
    const stated = /exposure level of \*\*([\d.]+)\*\*/.exec(guide)?.[1]
    const { output } = run('systemd-analyze', 'security', '--offline=yes', 'meridian.service')
    const level = /Overall exposure level for meridian.service: ([\d.]+)/.exec(output)?.[1]
    expect(Number(level), output).toBeLessThanOrEqual(Number(stated))
  })

  test('can make the user that the service runs as', () => {
    const [user] = service('User')
    const { status, output } = run('systemd-sysusers', '--dry-run', join(folder, 'meridian.sysusers.conf'))
    expect(status, output).toBe(0)
    expect(readFileSync(join(UNITS, 'meridian.sysusers.conf'), 'utf8')).toContain(`\nu ${user!} - `)
  })

  function run(program: string, ...words: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }
})

test('every address that the guide listens on has a socket for UDP and one for TCP', () => {
  const [, text = ''] = /```yaml\n(listen:[^`]*)```/.exec(guide) ?? []
  const { listen } = parse(text) as { listen: string[] }
  expect(socket('ListenDatagram')).toEqual(listen)
  expect(socket('ListenStream')).toEqual(listen)
})

test('the service keeps what V8 and koffi need', () => {
  expect(service('MemoryDenyWriteExecute')).toEqual([])
  expect(service('SystemCallFilter').at(-1)).toBe('setpriority')
  expect(service('RestrictAddressFamilies').join(' ')).toMatch(/AF_INET AF_INET6 AF_NETLINK AF_UNIX/)
})

test('the service is told of by the program, reloaded by SIGHUP and watched', () => {
  expect([service('Type'), service('NotifyAccess')]).toEqual([['notify'], ['main']])
  expect(service('ExecReload')).toEqual(['kill -HUP $MAINPID'])
  expect(service('WatchdogSec')).toEqual(['15s'])
  expect(service('ExecStart')).toEqual(['meridian serve --config /etc/meridian/meridian.yaml'])
})
