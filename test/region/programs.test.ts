// The lab on a machine without its programs: a mount namespace hides Debian's folders of servers, and PATH leads nowhere but
// to an apt-get of the test's own, which writes down what it was asked.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const LAB = join(import.meta.dirname, '../../deploy/region/lab/lab.ts')
const HIDE = 'mount -t tmpfs none /usr/sbin && PATH=$BARE_PATH exec "$0" "$@"'
const MISSING = 'haproxy unbound openssl'
const INSTALL = `install -q -y --no-install-recommends ${MISSING}`

const cannotHide = spawnSync('unshare', ['--mount', 'true']).status !== 0
if (cannotHide && process.env['CI'] === 'true') throw new Error('CI needs to be root, and to have mount namespaces')
if (cannotHide) console.warn('the lab without its programs is not tested: it takes root and a mount namespace')

describe.skipIf(cannotHide)('the lab on a bare machine', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'meridian-bare-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const runBare = (...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', HIDE, process.execPath, LAB, ...words],
      {
        env: { PATH: process.env['PATH'], BARE_PATH: folder },
        encoding: 'utf8',
      },
    )
    return { status, stdout, stderr }
  }
  /** Says what it is asked, and does so. */
  const giveAptGet = (does: string) => {
    const file = join(folder, 'apt-get')
    writeFileSync(
      file,
      `#!/bin/sh\necho "$DEBIAN_FRONTEND: $*; $(test -x /usr/sbin/policy-rc.d && echo kept)" >>${folder}/asked\n${does}\n`,
    )
    chmodSync(file, 0o755)
  }
  const asked = () => readFileSync(join(folder, 'asked'), 'utf8')

  it('says in one line what to install', () => {
    giveAptGet('exit 0')
    expect(runBare()).toEqual({
      ...{ status: 1, stdout: '' },
      stderr: `lab: missing: apt-get install ${MISSING} (or: npm run lab -- --install)\n`,
    })
    expect(existsSync(join(folder, 'asked')), 'nothing was asked for').toBe(false)
    expect(runBare('--director', 'gdnsd').stderr).toContain(`apt-get install ${MISSING} gdnsd (`)
  })

  it('--install asks apt-get for it, keeps daemons from starting meanwhile, and goes on', () => {
    giveAptGet(
      `case "$*" in install*) for name in ${MISSING}; do echo '#!/bin/false' >${folder}/$name; done; /bin/chmod +x ${folder}/*; esac`,
    )
    const { status, stdout } = runBare('--install', '--only', 'server-killed')
    expect(asked()).toBe(`noninteractive: update -q; kept\nnoninteractive: ${INSTALL}; kept\n`)
    expect([status, stdout]).toEqual([1, expect.stringContaining('lab: meridian directs')])
  })

  it('--install does not hide that it failed', () => {
    giveAptGet('echo "E: no such package" >&2; case "$*" in install*) exit 100; esac')
    expect(runBare('--install')).toEqual({
      ...{ status: 1, stdout: '' },
      stderr: `E: no such package\nE: no such package\nlab: apt-get ${INSTALL}: exit code 100; missing yet: ${MISSING}\n`,
    })
    giveAptGet('exit 0')
    expect(runBare('--install').stderr).toBe(`lab: missing yet: ${MISSING}\n`)
    rmSync(join(folder, 'apt-get'))
    expect(runBare('--install').stderr).toContain(`lab: apt-get update -q: spawnSync apt-get ENOENT`)
  })
})
