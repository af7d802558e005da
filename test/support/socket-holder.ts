// Holds listening sockets over restarts and hands them to each director that it starts, as systemd does with a socket unit
// (sd_listen_fds(3)): descriptors from 3 on, and LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES.
import { loadLinuxCalls, type LinuxCalls } from '../../src/server/linux-calls.ts'
import { loadLinuxSockets, type LinuxSockets } from '../../src/server/linux-sockets.ts'
import { DirectorProcess, type Launch } from './director-process.ts'
import type { Endpoint } from './dns-client.ts'
import type { Site } from './site.ts'

const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
/** As `ReceiveBuffer=16M` of a socket unit: about 40,000 queries. */
const RECEIVE_BUFFER_BYTES = 16 << 20

export class SocketHolder {
  readonly #calls: LinuxCalls
  readonly #system: LinuxSockets
  readonly #held: number[] = []
  readonly #names: string[] = []

  private constructor(calls: LinuxCalls, system: LinuxSockets) {
    this.#calls = calls
    this.#system = system
  }

  static async create(): Promise<SocketHolder> {
    const [calls, system] = [await loadLinuxCalls(), await loadLinuxSockets()]
    if (typeof calls === 'string' || typeof system === 'string') throw new Error('no system calls here')
    return new SocketHolder(calls, system)
  }

  /** Whether this user may have a buffer that holds what comes during a restart (root may). */
  static async hasRoom(): Promise<boolean> {
    if (process.platform !== 'linux') return false
    const holder = await SocketHolder.create()
    holder.hold('udp', { host: '127.0.0.1', port: 0 })
    const bytes = holder.#system.receiveBuffer(holder.#held[0]!)
    holder.close()
    return bytes >= RECEIVE_BUFFER_BYTES
  }

  hold(transport: 'udp' | 'tcp', endpoint: Endpoint): void {
    const fd = (transport === 'udp' ? this.#system.openUdp : this.#system.openTcp)(endpoint)
    // Refused to who may not; `hasRoom` tells.
    this.#calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(RECEIVE_BUFFER_BYTES), 4)
    this.#held.push(fd)
    this.#names.push(`${transport}.socket`)
  }

  /** Any descriptor, of which nothing is known. */
  holdDescriptor(fd: number, name: string): void {
    this.#held.push(this.#system.duplicate(fd))
    this.#names.push(name)
  }

  /** Starts a director that gets them all; waits for nothing. */
  start(site: Site, more: Partial<Launch> = {}): DirectorProcess {
    const env = { LISTEN_FDS: String(this.#held.length), LISTEN_FDNAMES: this.#names.join(':'), ...more.env }
    return new DirectorProcess(site, 'main', { ...more, fds: this.#held, env })
  }

  close(): void {
    this.#held.splice(0).forEach(this.#system.close)
  }
}
