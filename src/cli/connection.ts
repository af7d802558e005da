// Which director a command talks to, and with which token: from the command line, else the environment (MERIDIAN_SERVER,
// MERIDIAN_TOKEN), else the config file of the command line, else this machine's usual one.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { DEFAULT_SERVER, type Connection } from './client.ts'

export interface Environment {
  readonly MERIDIAN_SERVER?: string
  readonly MERIDIAN_TOKEN?: string
  readonly XDG_CONFIG_HOME?: string
}

/** A token is for the server that it was given with: one that the command line names gets that of the environment alone. */
export function findConnection(server: string | undefined, environment: Environment): Connection {
  const { MERIDIAN_SERVER: ownServer, MERIDIAN_TOKEN: ownToken } = environment
  const written = readWritten(environment)
  const isWritten = (server ?? ownServer ?? written.server) === written.server || written.server === undefined
  const token = ownToken ?? (isWritten ? written.token : undefined)
  return { server: server ?? ownServer ?? written.server ?? DEFAULT_SERVER, ...(token !== undefined && { token }) }
}

/** `~/.config/meridian/cli.yaml`: `server` and `token`. */
function readWritten({ XDG_CONFIG_HOME: folder }: Environment): { readonly server?: string; readonly token?: string } {
  const file = join(folder ?? join(homedir(), '.config'), 'meridian', 'cli.yaml')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return {}
  }
  const written: unknown = parse(text)
  const texts = Object.entries(written ?? {}).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(texts)
}
