// Questions to recursive resolvers about ALIAS targets and host names of balancers, by Node's own resolver (c-ares), which
// has timeouts and tries of its own. It keeps no cache: what is known is alias-state.ts.
import { promises, type RecordWithTtl } from 'node:dns'
import { parseAddress } from '../base/address.ts'
import type { Outcome } from './alias-state.ts'
import type { AskAddresses } from './aliases.ts'

const TIMEOUT_MS = 2000
const TRIES = 2

/** The name exists and has no such records (RFC 2308 §2.2). */
const NODATA = 'ENODATA'

/** Asks these servers (`127.0.0.1:53`, `[::1]:53`), or those of the system when there are none. */
export function createAsker(servers: readonly string[]): AskAddresses {
  const resolver = new promises.Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (servers.length > 0) resolver.setServers(servers)
  return async (target, family) => {
    try {
      const ask = family === 4 ? resolver.resolve4(target, { ttl: true }) : resolver.resolve6(target, { ttl: true })
      return outcomeOf(await ask)
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException
      return code === NODATA ? { kind: 'nodata' } : { kind: 'failed', reason: reasonOf(code) }
    }
  }
}

function outcomeOf(records: readonly RecordWithTtl[]): Outcome {
  const addresses = records.flatMap(({ address }) => parseAddress(address) ?? [])
  return { kind: 'addresses', addresses, ttl: Math.min(...records.map(({ ttl }) => ttl)) }
}

/** The words of DNS for those of c-ares. */
function reasonOf(code: string): string {
  const words: Readonly<Record<string, string>> = {
    ENOTFOUND: 'NXDOMAIN',
    ESERVFAIL: 'SERVFAIL',
    EREFUSED: 'REFUSED',
    ETIMEOUT: 'no answer in time',
    ECONNREFUSED: 'no resolver listens',
  }
  return words[code] ?? code
}
