// As much of Redis as a session needs: words out, one reply back, in order (RESP2). No pool, no cluster, no scripts; a
// program that needs those takes the package `redis`. A lost connection fails what waits for it, and the next order opens
// another.
import { connect, type Socket } from 'node:net'
import { StoreTrouble } from './sessions.ts'

export type Reply = string | number | null

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: StoreTrouble) => void
}

const TIMEOUT_MS = 1000

export class Redis {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined
  #waiting: Waiting[] = []
  #unread = ''

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  /** Rejects with StoreTrouble when Redis is not there, silent for a second, or refuses. */
  order(...words: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')
      this.#connected().write(`*${words.length}\r\n${bulk}`)
    })
  }

  close(): void {
    this.#lose(new Error('closed'))
  }

  #connected(): Socket {
    if (this.#socket) return this.#socket
    const socket = connect({ host: this.#host, port: this.#port })
    // Bytes as characters: lengths in replies count bytes.
    socket.setEncoding('latin1').setTimeout(TIMEOUT_MS)
    socket.on('timeout', () => {
      if (this.#waiting.length > 0) this.#lose(new Error(`silent for ${TIMEOUT_MS} ms`), socket)
    })
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', (error) => this.#lose(error, socket))
    socket.on('close', () => this.#lose(new Error('closed the connection'), socket))
    this.#socket = socket
    return socket
  }

  #lose(error: NodeJS.ErrnoException, socket = this.#socket): void {
    if (socket === undefined || socket !== this.#socket) return
    const waiting = this.#waiting
    this.#socket = undefined
    this.#waiting = []
    this.#unread = ''
    socket.destroy()
    for (const { reject } of waiting) reject(new StoreTrouble(error.code ?? error.message))
  }

  #take(text: string): void {
    this.#unread += text
    for (let read = readReply(this.#unread); read; read = readReply(this.#unread)) {
      this.#unread = this.#unread.slice(read.length)
      const { resolve, reject } = this.#waiting.shift()!
      if ('refusal' in read) reject(new StoreTrouble(read.refusal))
      else resolve(read.reply)
    }
  }
}

type Read = { readonly length: number } & ({ readonly reply: Reply } | { readonly refusal: string })

/** The first whole reply; undefined when it has not all come. Orders of this program get no arrays back. */
function readReply(text: string): Read | undefined {
  const end = text.indexOf('\r\n')
  if (end < 0) return undefined
  const [kind, rest, length] = [text[0], text.slice(1, end), end + 2]
  if (kind === '-') return { length, refusal: rest }
  if (kind === '+') return { length, reply: rest }
  if (kind === ':') return { length, reply: Number(rest) }
  if (kind !== '$') return { length, refusal: `a reply of the kind "${kind ?? ''}"` }
  const size = Number(rest)
  if (size < 0) return { length, reply: null }
  if (text.length < length + size + 2) return undefined
  return { length: length + size + 2, reply: Buffer.from(text.slice(length, length + size), 'latin1').toString() }
}
