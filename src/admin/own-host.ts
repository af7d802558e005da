// By which names this API may be called. A page in a browser can have a name of its own lead to an address of ours (DNS
// rebinding) and then counts as of the same site; its name stands in the Host header and gives it away. No page can have an
// address for a name but from who listens there.
import { isIP } from 'node:net'
import type { Problem } from './problem.ts'

/** Why a request for that URL is refused: its host is no name of ours. `names`: those that are, beside localhost. */
export function refuseHost(url: string, names: readonly string[]): Problem | undefined {
  const host = plain(new URL(url).hostname)
  const isOurs = isIP(host.replace(/^\[|\]$/g, '')) !== 0 || isLocal(host) || names.some((name) => plain(name) === host)
  if (isOurs) return undefined
  return {
    ...{ status: 421, code: 'host-unknown', detail: `"${host}" is no name of this API` },
    hint: 'call it by its address or localhost, or name it under admin.hosts of the configuration',
  }
}

/** RFC 6761 §6.3: names under localhost are of this machine too. */
function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
