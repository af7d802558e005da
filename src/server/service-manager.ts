// What systemd is told of us (sd_notify(3), the protocol of `Type=notify` and `notify-reload`), and the watchdog that it
// keeps over us (`WatchdogSec=`). Messages are unix datagrams, which Node has no word for: koffi's sendto sends them.
// Main thread only: a main thread that stands still is what the watchdog is there to see.
import { monotonicMicroseconds } from '../base/clock.ts'
import { loadLinuxCalls, type LinuxCalls } from './linux-calls.ts'
import { AF_UNIX, unixAddress } from './socket-address.ts'

/** Without a manager every function does nothing. None throws. */
export interface ServiceManager {
  /** Answers are right from now on (again, after `reloading`). `status` is one line for `systemctl status`. */
  readonly ready: (status: string) => void
  readonly reloading: () => void
  readonly stopping: () => void
  /** Tells it from now on that we live, as often as it wants to hear it, for as long as `isWell` says so. */
  readonly watch: (isWell: () => boolean) => void
  /** Ends the watch. */
  readonly close: () => void
}

const SOCK_DGRAM_CLOEXEC = 0o2_000_002
const SOL_SOCKET = 1
const SO_SNDTIMEO = 21
const MSG_NOSIGNAL = 0x4000

/** How long a message may wait for a manager with a full queue, microseconds; less than anybody would notice. */
const SEND_LIMIT_US = 200_000

const NOBODY: ServiceManager = {
  ready: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  watch: () => undefined,
  close: () => undefined,
}

/**
 * Whoever started us and wants to hear of it, by the environment; the variables are taken out of it, so that programs
 * which this process starts do not speak in its name. `onTrouble` hears, in one line, of what could not be told.
 */
export async function connectServiceManager(
  env: NodeJS.ProcessEnv,
  pid: number,
  onTrouble: (what: string) => void,
): Promise<ServiceManager> {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: watchdog, WATCHDOG_PID: watched } = env
  for (const variable of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) Reflect.deleteProperty(env, variable)
  if (path === undefined) return NOBODY
  const calls = await loadLinuxCalls()
  const tell = typeof calls === 'string' ? calls : openMail(calls, path)
  if (typeof tell === 'string') {
    onTrouble(`systemd cannot be told that we are ready (${tell}): use Type=exec`)
    return NOBODY
  }
  const isOurs = watched === undefined || watched === String(pid)
  return createManager(tell, isOurs ? Number(watchdog ?? 0) / 1000 : 0, onTrouble)
}

type Tell = (message: string) => void

/** Throws a SystemError when a message cannot be sent; gives one line when none ever can. */
function openMail(calls: LinuxCalls, path: string): Tell | string {
  if (!path.startsWith('/') && !path.startsWith('@')) return `NOTIFY_SOCKET is ${path}`
  const address = unixAddress(path)
  const fd = calls.check('socket', calls.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0))
  const limit = Int32Array.of(0, 0, SEND_LIMIT_US, 0)
  calls.check('SO_SNDTIMEO', calls.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, limit, limit.byteLength))
  return (message) => {
    const bytes = Buffer.from(message)
    calls.check('sendto', calls.sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length))
  }
}

function createManager(tell: Tell, watchdogMs: number, onTrouble: (what: string) => void): ServiceManager {
  let timer: NodeJS.Timeout | undefined
  const say = (message: string): void => {
    try {
      tell(message)
    } catch (error) {
      onTrouble(`systemd was not told ${message.split('\n')[0]!}: ${(error as Error).message}`)
    }
  }
  return {
    ready: (status) => say(`READY=1\nSTATUS=${status}`),
    reloading: () => say(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`),
    stopping: () => say('STOPPING=1'),
    watch: (isWell) => {
      if (!(watchdogMs > 0)) return
      const beat = () => {
        if (isWell()) say('WATCHDOG=1')
      }
      beat()
      // Twice as often as asked for, as sd_watchdog_enabled(3) recommends.
      timer = setInterval(beat, watchdogMs / 2)
    },
    close: () => clearInterval(timer),
  }
}
