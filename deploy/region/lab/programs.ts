// Which programs the lab needs, which are missing, and how Debian installs them.
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PATH = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`
/** Debian asks it whether a new package may start its daemon (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d'

/** Each program's Debian package is called like it. */
export function missingPrograms(wanted: readonly string[]): string[] {
  return wanted.filter((name) => !PATH.split(delimiter).some((folder) => isProgram(join(folder, name))))
}

/** Installs as root, without starting what is installed. Gives whether that went well; apt-get speaks for itself. */
export function installPrograms(names: readonly string[]): boolean {
  const ours = !existsSync(POLICY)
  if (ours) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n')
    chmodSync(POLICY, 0o755)
  }
  try {
    const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
    spawnSync('apt-get', ['update', '-q'], options)
    return spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], options).status === 0
  } finally {
    if (ours) rmSync(POLICY)
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
