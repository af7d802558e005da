// Which programs the lab needs, which are missing, and how Debian installs them.
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian has servers in folders that are not in every user's PATH. */
const PATH = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`
/** Debian asks it whether a new package may start its daemon (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'

/** Each program's Debian package is called like it. */
export function missingPrograms(wanted: readonly string[]): string[] {
  return wanted.filter((name) => !PATH.split(delimiter).some((folder) => isProgram(join(folder, name))))
}

/**
 * Installs as root, without starting what is installed; apt-get speaks for itself, on our own stdout and stderr. Gives what
 * went wrong, in a line; undefined: all of them are there.
 */
export function installPrograms(names: readonly string[]): string | undefined {
  const install = ['install', '-q', '-y', '--no-install-recommends', ...names]
  if (process.getuid?.() !== 0) return `--install needs root: sudo apt-get ${install.join(' ')}`
  const ours = !existsSync(POLICY)
  if (ours) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n')
    chmodSync(POLICY, 0o755)
  }
  try {
    // Lists that are old may do all the same: only what is not installed in the end is a failure.
    const problems = [aptGet(['update', '-q']), aptGet(install)]
    const missing = missingPrograms(names)
    if (problems[1] === undefined && missing.length === 0) return undefined
    return [...problems, `missing yet: ${missing.join(' ')}`].filter((one) => one !== undefined).join('; ')
  } finally {
    if (ours) rmSync(POLICY)
  }
}

/** What went wrong. */
function aptGet(words: readonly string[]): string | undefined {
  const env = { ...process.env, PATH, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, signal, error } = spawnSync('apt-get', words, { stdio: 'inherit', env })
  if (status === 0) return undefined
  return `apt-get ${words.join(' ')}: ${error?.message ?? signal ?? `exit code ${status ?? 'unknown'}`}`
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
