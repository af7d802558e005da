// Hears what a service tells systemd: a bound unix datagram socket, looked at every few milliseconds.
import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import { unixAddress } from '../../src/server/socket-address.ts'
import { monotonicMs } from './monotonic.ts'

const AF_UNIX = 1
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 0o2_004_002
const MESSAGE_ROOM = 4096

export interface Told {
  readonly text: string
  /** Monotonic ms. */
  readonly at: number
}

export class FakeServiceManager {
  readonly told: Told[] = []
  readonly path: string
  readonly #timer: NodeJS.Timeout
  readonly #close: () => void

  private constructor(path: string, look: () => string | undefined, close: () => void) {
    this.path = path
    this.#close = close
    this.#timer = setInterval(() => {
      for (let text = look(); text !== undefined; text = look()) this.told.push({ text, at: monotonicMs() })
    }, 5)
  }

  /** An abstract address where the path begins with @. */
  static async listen(path: string): Promise<FakeServiceManager> {
    const { default: koffi } = await import('koffi')
    const library = koffi.load(null)
    const socket = library.func('int socket(int, int, int)') as (...words: number[]) => number
    const bind = library.func('int bind(int, void *, uint32_t)') as (fd: number, a: Uint8Array, n: number) => number
    const recv = library.func('int64_t recv(int, void *, size_t, int)') as (
      fd: number,
      room: Uint8Array,
      bytes: number,
      flags: number,
    ) => number
    const close = library.func('int close(int)') as (fd: number) => number
    const fd = socket(AF_UNIX, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0)
    const address = unixAddress(path)
    if (fd < 0 || bind(fd, address, address.length) < 0) throw new Error(`${path}: errno ${koffi.errno()}`)
    const room = Buffer.alloc(MESSAGE_ROOM)
    const look = (): string | undefined => {
      const bytes = recv(fd, room, room.length, 0)
      if (bytes >= 0) return room.toString('utf8', 0, bytes)
      if (koffi.errno() !== constants.errno.EAGAIN) throw new Error(`recv: errno ${koffi.errno()}`)
      return undefined
    }
    return new FakeServiceManager(path, look, () => void close(fd))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#close()
    if (!this.path.startsWith('@')) rmSync(this.path, { force: true })
  }
}
