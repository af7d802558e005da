// The door at which the next director of this machine asks for our sockets (`serve --take-over`), while we run: a unix
// socket in a folder that only our user may enter. The talk is JSON, a line each:
//
//   next: {"take":1,"basket":"/…","pid":9}   → we let go of what two cannot share → descriptors into the basket (SCM_RIGHTS)
//   we:   {"given":6}, or {"refused":"why"}
//   next: {"serving":true}                   → both read the same sockets by now; we end
//
// Whoever leaves without having said that it serves is forgotten: we take up again what we let go of, and nobody noticed.
// The next one's end of the talk is take-over.ts.
import { mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sendDescriptors } from './descriptor-mail.ts'
import { loadLinuxCalls, type LinuxCalls } from './linux-calls.ts'

/** Version of the talk. */
export const TALK = 1

/** Within the state folder. */
const FOLDER = 'hand-over'

export function handOverFolder(state: string): string {
  return join(state, FOLDER)
}

export function doorOf(folder: string): string {
  return join(folder, 'door')
}

export interface DoorOptions {
  readonly folder: string
  readonly descriptors: () => readonly number[]
  /** Lets go of files and ports that the next one needs. Resolves when nothing of it is in use any more. */
  readonly release: () => Promise<void>
  /** Takes them up again. */
  readonly resume: () => Promise<void>
  /** Another serves: time to end. */
  readonly onHandedOver: (pid: number) => void
  readonly onTrouble: (what: string) => void
}

/** What the next one says. */
interface Said {
  readonly take?: unknown
  readonly basket?: unknown
  readonly pid?: unknown
  readonly serving?: unknown
}

export class Door {
  readonly #options: DoorOptions
  readonly #calls: LinuxCalls
  readonly #server: Server
  /** Who is being served; one at a time. */
  #visitor: Socket | undefined

  private constructor(options: DoorOptions, calls: LinuxCalls) {
    this.#options = options
    this.#calls = calls
    this.#server = createServer((socket) => this.#welcome(socket))
    this.#server.on('error', (error) => options.onTrouble(`the hand-over door: ${error.message}`))
  }

  /** Undefined, and trouble told, where sockets cannot be handed over. */
  static async open(options: DoorOptions): Promise<Door | undefined> {
    const calls = await loadLinuxCalls()
    const obstacle = typeof calls === 'string' ? calls : await clearThreshold(options.folder)
    if (typeof calls === 'string' || obstacle !== undefined) {
      options.onTrouble(`nobody will be able to take over from this process (${obstacle})`)
      return undefined
    }
    const door = new Door(options, calls)
    door.#server.listen(doorOf(options.folder))
    return door
  }

  /** Nobody new is let in; who is there already may finish the talk. */
  close(): void {
    this.#server.close()
  }

  #welcome(socket: Socket): void {
    // It may leave at any moment; 'close' sees to that.
    socket.on('error', () => undefined)
    if (this.#visitor) {
      say(socket, { refused: 'another process is taking over already' })
      return
    }
    this.#visitor = socket
    const talk = new Talk(this.#options, this.#calls, socket)
    socket.once('close', () => {
      this.#visitor = undefined
      talk.end()
    })
  }
}

/** One visitor's. */
class Talk {
  readonly #options: DoorOptions
  readonly #calls: LinuxCalls
  readonly #socket: Socket
  #pid = 0
  #released: Promise<void> | undefined
  #isOver = false

  constructor(options: DoorOptions, calls: LinuxCalls, socket: Socket) {
    this.#options = options
    this.#calls = calls
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => this.#hear(parseLine(line)))
  }

  /** The visitor is gone. */
  end(): void {
    if (this.#isOver || !this.#released) return
    this.#options.onTrouble(`process ${this.#pid}, which was taking over, is gone: this one goes on`)
    void this.#released.catch(() => undefined).then(this.#options.resume)
  }

  #hear(said: Said): void {
    if (said.serving === true && this.#released) {
      this.#isOver = true
      this.#options.onHandedOver(this.#pid)
      this.#socket.destroy()
    } else if (said.take === TALK && typeof said.basket === 'string' && !this.#released) {
      this.#pid = Number(said.pid)
      void this.#give(said.basket)
    } else {
      say(this.#socket, { refused: 'that was not understood; is it the same version of the program?' })
    }
  }

  async #give(basket: string): Promise<void> {
    const { descriptors, release } = this.#options
    try {
      this.#released = release()
      await this.#released
      const fds = descriptors()
      sendDescriptors(this.#calls, basket, fds)
      this.#socket.write(`${JSON.stringify({ given: fds.length })}\n`)
    } catch (error) {
      say(this.#socket, { refused: `the sockets could not be sent: ${(error as Error).message}` })
    }
  }
}

function say(socket: Socket, message: object): void {
  socket.end(`${JSON.stringify(message)}\n`)
}

function parseLine(line: string): Said {
  try {
    return (JSON.parse(line) ?? {}) as Said
  } catch {
    return {}
  }
}

/** Makes the folder and removes what a killed process left. Why the door cannot be there, if so. */
async function clearThreshold(folder: string): Promise<string | undefined> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (await isAnswered(doorOf(folder))) return `another director uses the state folder ${folder}`
    rmSync(doorOf(folder), { force: true })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
