// Whose fault an error of a socket is, and its name for people. Trouble of our own says nothing of the target.
import { failure, none, patienceLost, type Verdict } from './prober.ts'

export function judgeError(error: NodeJS.ErrnoException): Verdict {
  const code = error.code ?? error.message
  if (OWN_TROUBLE.has(code)) return none(`our own trouble: ${code}`)
  const closed = CLOSED.get(code)
  return closed === undefined ? failure(THEIR_TROUBLE.get(code) ?? code) : patienceLost(closed)
}

/** Out of descriptors, ports, processes or memory; no route, no such family, or forbidden to leave this host. */
const OWN_TROUBLE: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EAGAIN',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'ENETDOWN',
  'ENETUNREACH',
  'EACCES',
  'EPERM',
])

const THEIR_TROUBLE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['EHOSTDOWN', 'host unreachable'],
])

const CLOSED: ReadonlyMap<string, string> = new Map([
  ['ECONNRESET', 'closed before answering'],
  ['EPIPE', 'closed before answering'],
  ['ETIMEDOUT', 'timeout of the connection'],
])
