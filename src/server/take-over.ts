// Takes the sockets of the director that runs on this machine, with all that waits in them, so that this one can go on where
// that one ends and no query is lost. They are the very same sockets: until the other is told that we serve, both read them,
// and both are right. The other's end of the talk, and its course, is hand-over.ts.
import { rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openBasket, type Basket } from './descriptor-mail.ts'
import { takeDescriptors, type HandedSocket } from './handed-over.ts'
import { doorOf, TALK } from './hand-over.ts'
import { loadLinuxCalls, type LinuxCalls } from './linux-calls.ts'
import { loadLinuxSockets, type LinuxSockets } from './linux-sockets.ts'
import { sameEndpoint, type Endpoint } from './listen-fault.ts'

/** The other has files to finish; it answers queries all the while. */
const ANSWER_LIMIT_MS = 10_000

export interface TakenOver {
  /** Those of the endpoints wanted; the others are left to end with the other process. */
  readonly sockets: readonly HandedSocket[]
  /** We serve: the other ends. */
  readonly done: () => void
  /** We do not: the other goes on as before. */
  readonly abandon: () => void
}

/** `nobody` when no director has its door in this folder. A problem in one line when one has and does not hand over. */
export async function takeOver(
  folder: string,
  wanted: readonly Endpoint[],
): Promise<TakenOver | 'nobody' | { readonly problem: string }> {
  const [calls, system] = [await loadLinuxCalls(), await loadLinuxSockets()]
  if (typeof calls === 'string') return { problem: `taking over is not possible here (${calls})` }
  if (typeof system === 'string') return { problem: `taking over is not possible here (${system})` }
  const socket = await knock(doorOf(folder))
  if (!socket) return 'nobody'
  const outcome = await receive(socket, calls, system, join(folder, `basket-${process.pid}`), wanted)
  if ('problem' in outcome) socket.destroy()
  return outcome
}

async function receive(
  socket: Socket,
  calls: LinuxCalls,
  system: LinuxSockets,
  path: string,
  wanted: readonly Endpoint[],
): Promise<TakenOver | { readonly problem: string }> {
  let basket: Basket | undefined
  try {
    basket = openBasket(calls, path)
    const answer = await ask(socket, { take: TALK, basket: path, pid: process.pid })
    if (answer === undefined) return { problem: 'the running director does not answer: it was not taken over from' }
    if (answer.given === undefined) return { problem: `the running director does not hand over: ${answer.refused}` }
    const fds = basket.receive()
    const taken = takeDescriptors(system, fds, [])
    if ('problem' in taken || fds.length !== answer.given) {
      return { problem: `the running director handed over ${fds.length} of ${answer.given} sockets` }
    }
    return { sockets: keepWanted(system, taken.sockets, wanted), ...farewell(socket) }
  } catch (error) {
    return { problem: `the sockets of the running director could not be taken: ${(error as Error).message}` }
  } finally {
    basket?.close()
    rmSync(path, { force: true })
  }
}

function farewell(socket: Socket): Pick<TakenOver, 'done' | 'abandon'> {
  return {
    done: () => void socket.end(`${JSON.stringify({ serving: true })}\n`),
    abandon: () => void socket.destroy(),
  }
}

function keepWanted(
  system: LinuxSockets,
  sockets: readonly HandedSocket[],
  wanted: readonly Endpoint[],
): readonly HandedSocket[] {
  const isWanted = ({ endpoint }: HandedSocket) => wanted.some((each) => sameEndpoint(each, endpoint))
  for (const { fd } of sockets.filter((socket) => !isWanted(socket))) system.close(fd)
  return sockets.filter(isWanted)
}

function knock(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => resolve(undefined))
  })
}

interface Answer {
  readonly given?: number
  readonly refused?: string
}

/** Undefined when none comes in time, or the other ends. */
function ask(socket: Socket, question: object): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ANSWER_LIMIT_MS)
    const settle = (answer: Answer | undefined): void => {
      clearTimeout(timer)
      resolve(answer)
    }
    socket.once('close', () => settle(undefined))
    createInterface({ input: socket }).once('line', (line) => settle(JSON.parse(line) as Answer))
    socket.write(`${JSON.stringify(question)}\n`)
  })
}
