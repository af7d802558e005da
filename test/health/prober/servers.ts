// Servers for prober tests: what a test wants done to each connection, on a free port of loopback, cleared away after it.
import { execFileSync, fork } from 'node:child_process'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type OnConnection = (socket: Socket) => void

export interface Served {
  readonly port: number
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>
  readonly connections: () => number
  readonly close: () => Promise<void>
}

const open = new Set<Served>()

export async function closeAll(): Promise<void> {
  await Promise.all([...open].map(({ close }) => close()))
}

export function serve(onConnection: OnConnection, host = '127.1.0.1'): Promise<Served> {
  return listen(createServer(onConnection), host)
}

/** Makes any server that is built on TCP listen, and watches its connections. */
export async function listen(server: Server, host = '127.1.0.1'): Promise<Served> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.prependListener('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, host)
  await once(server, 'listening')
  const served: Served = {
    port: (server.address() as AddressInfo).port,
    sockets,
    connections: () => connections,
    close: async () => {
      open.delete(served)
      const closed = server.listening ? once(server, 'close') : undefined
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  open.add(served)
  return served
}

/** A UDP server that does this to each packet; `reply` sends. */
export async function serveUdp(
  onMessage: (message: Buffer, reply: (answer: Uint8Array) => void) => void,
  host = '127.1.0.1',
): Promise<Served> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  let connections = 0
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    connections++
    onMessage(message, (answer) => socket.send(answer, from.port, from.address))
  })
  socket.bind(0, host)
  await once(socket, 'listening')
  let bound = true
  const served: Served = {
    port: socket.address().port,
    sockets: new Set(),
    connections: () => connections,
    close: async () => {
      open.delete(served)
      if (bound) socket.close()
      bound = false
    },
  }
  open.add(served)
  return served
}

/** Until nobody is connected any more. */
export async function settled({ sockets }: Served): Promise<void> {
  for (let i = 0; i < 200 && sockets.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A port at which nothing answers, not even the kernel: a listener in a process of its own whose queue is full. */
export async function openBlackHole(host = '127.1.0.1'): Promise<{ port: number; end: () => void }> {
  const program = join(import.meta.dirname, 'full-listener.ts')
  const child = fork(program, [host], { execPath: process.execPath, execArgv: [] })
  const [port] = (await once(child, 'message')) as [number]
  return { port, end: () => child.kill('SIGKILL') }
}

export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  readonly certFile: string
  readonly keyFile: string
  /** The certificate of who issued it. */
  readonly ca: Buffer
}

/** A certificate authority of the test's own. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'meridian-ca-'))
  readonly caFile = join(this.folder, 'ca.pem')

  constructor() {
    this.#openssl(
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=test-ca -keyout ca.key -out ca.pem`,
    )
  }

  /** `names` as in `DNS:www.example.com,IP:127.1.0.1`; −1 day: expired. */
  issue(name: string, names: string, days: number): Pair {
    writeFileSync(join(this.folder, `${name}.ext`), `subjectAltName=${names}\n`)
    this.#openssl(
      `req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`,
    )
    this.#openssl(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days ${days} -extfile ${name}.ext -out ${name}.pem`,
    )
    const [certFile, keyFile] = [join(this.folder, `${name}.pem`), join(this.folder, `${name}.key`)]
    return {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      certFile,
      keyFile,
      ca: readFileSync(this.caFile),
    }
  }

  /** Its own certificate, as a server would misuse it. */
  selfSigned(): { cert: Buffer; key: Buffer } {
    return { cert: readFileSync(this.caFile), key: readFileSync(join(this.folder, 'ca.key')) }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  #openssl(words: string): void {
    execFileSync('openssl', words.split(' '), { cwd: this.folder, stdio: 'pipe' })
  }
}
