// Sockets that another process opened and handed to this one: by systemd at the start (sd_listen_fds(3)), or by the
// director that ran before (take-over.ts). They are known by what they are bound to; nothing is read from them here.
import { loadLinuxSockets, type FoundSocket, type LinuxSockets } from './linux-sockets.ts'

export interface HandedSocket extends FoundSocket {
  readonly fd: number
  /** What the giver calls it; for people. */
  readonly name: string
}

export interface Activation {
  readonly sockets: readonly HandedSocket[]
  /** One line on what was meant for us, perhaps, and is left alone. */
  readonly note?: string
}

/** SD_LISTEN_FDS_START: what is handed over begins here. */
const FIRST_FD = 3

/**
 * Takes the sockets that systemd handed over, out of the reach of programs that this process starts: their descriptors
 * close on exec and the variables are gone from `env`. To be called once, before anything is started. A problem, in one
 * line, when something was handed over that cannot be served.
 */
export async function takeActivated(
  env: NodeJS.ProcessEnv,
  pid: number,
): Promise<Activation | { readonly problem: string }> {
  const { LISTEN_PID: meantFor, LISTEN_FDS: written, LISTEN_FDNAMES: names = '' } = env
  for (const variable of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) {
    Reflect.deleteProperty(env, variable)
  }
  if (meantFor === undefined || written === undefined) return { sockets: [] }
  if (meantFor !== String(pid)) return { sockets: [], note: notMeant(meantFor, pid) }
  if (!/^\d{1,4}$/.test(written)) return { problem: `LISTEN_FDS is ${JSON.stringify(written)} and not a number` }
  const system = await loadLinuxSockets()
  if (typeof system === 'string') return { problem: `sockets are handed over but cannot be taken (${system})` }
  const fds = Array.from({ length: Number(written) }, (_, i) => FIRST_FD + i)
  return takeDescriptors(system, fds, names.split(':'))
}

/** The same for descriptors that came otherwise. */
export function takeDescriptors(
  system: LinuxSockets,
  fds: readonly number[],
  names: readonly string[],
): Activation | { readonly problem: string } {
  const sockets: HandedSocket[] = []
  const strange: string[] = []
  fds.forEach((fd, i) => {
    const name = names[i] || 'unknown'
    const found = identify(system, fd)
    if (found) sockets.push({ ...found, fd, name })
    else strange.push(`descriptor ${fd} (${name})`)
  })
  if (strange.length === 0) return { sockets }
  return { problem: `handed over, but neither a UDP socket nor a listening TCP socket: ${strange.join(', ')}` }
}

function identify(system: LinuxSockets, fd: number): FoundSocket | undefined {
  try {
    system.closeOnExec(fd)
    return system.inspect(fd)
  } catch {
    // A descriptor that is not open at all.
    return undefined
  }
}

function notMeant(meantFor: string, pid: number): string {
  return (
    `sockets were handed over to process ${meantFor}, and this is ${pid}: they are not taken ` +
    '(a wrapper such as npm or a shell stands between; start node itself)'
  )
}
