// Answers HAProxy's agent-check: HAProxy connects, says which server it means (`agent-send "us-east/web-1\n"`), and reads one
// line (word.ts). Handed one function that knows the words, it knows nothing else. It only ever tells: nobody can change
// anything here, and who asks for something unknown, or says nothing, gets no answer, which HAProxy takes as no change.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { formatWord, parseQuestion, type AgentQuestion, type AgentWord } from './word.ts'

export interface AgentOptions {
  /** `port` 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Undefined: unknown here. Called for each check of each server, on the main thread. */
  readonly wordOf: (question: AgentQuestion) => AgentWord | undefined
  /** A question that cannot be answered; told once for each line. */
  readonly onUnknown: (line: string) => void
  readonly onError: (error: Error) => void
}

const MAX_LINE_BYTES = 256
const MAX_CONNECTIONS = 1000
/** From connecting to the whole line. */
const PATIENCE_MS = 1000
/** Unknown lines that are remembered, so that each is told once. */
const MAX_TOLD = 1000

/** The listener. Started once, stopped once. */
export class Agent {
  readonly #options: AgentOptions
  readonly #server: Server
  readonly #open = new Set<Socket>()
  readonly #told = new Set<string>()

  constructor(options: AgentOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#hear(socket))
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** Of the listener, once it is started. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Listens. Gives the system's error code when it cannot. */
  async start(): Promise<string | undefined> {
    const { host, port } = this.#options.listen
    try {
      await once(this.#server.listen({ host, port }), 'listening')
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error)
    }
    this.#server.on('error', this.#options.onError)
    return undefined
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  #hear(socket: Socket): void {
    let line = ''
    const patience = setTimeout(() => socket.destroy(), PATIENCE_MS)
    this.#open.add(socket)
    socket.setEncoding('latin1')
    // A reset is the peer's affair: it asks again.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(patience)
      this.#open.delete(socket)
    })
    socket.on('data', (text: string) => {
      line += text
      const end = line.indexOf('\n')
      if (end >= 0) socket.end(this.#answer(line.slice(0, end)))
      else if (line.length > MAX_LINE_BYTES) socket.destroy()
    })
  }

  /** Empty for what is unknown. */
  #answer(line: string): string {
    const question = parseQuestion(line)
    const word = question && this.#options.wordOf(question)
    if (word !== undefined) return formatWord(word)
    if (!this.#told.has(line) && this.#told.size < MAX_TOLD) {
      this.#told.add(line)
      this.#options.onUnknown(line)
    }
    return ''
  }
}
