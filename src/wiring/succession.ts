// How one director follows another on the same machine: it takes the sockets of the one before, and has a door at which the
// next one asks for its own. What is let go of meanwhile, and taken up again when nobody follows after all, is the
// director's affair: it hands in both as functions.
import { Door, handOverFolder } from '../server/hand-over.ts'
import type { HandedSocket } from '../server/handed-over.ts'
import type { Endpoint } from '../server/listen-fault.ts'
import { takeOver, type TakenOver } from '../server/take-over.ts'

export interface SuccessionParts {
  /** The state folder: directors of one folder follow each other. */
  readonly state: string
  readonly descriptors: () => readonly number[]
  /** Lets go of what two directors cannot share; answers go on. */
  readonly release: () => Promise<void>
  /** Takes it up again. */
  readonly resume: () => Promise<void>
  readonly tell: (level: 'info' | 'warn', text: string) => void
}

export class Succession {
  readonly #parts: SuccessionParts
  readonly #handedOver: PromiseWithResolvers<void> = Promise.withResolvers()
  #predecessor: TakenOver | undefined
  #door: Door | undefined

  constructor(parts: SuccessionParts) {
    this.#parts = parts
  }

  /** Resolves when another process serves in our place. */
  get handedOver(): Promise<void> {
    return this.#handedOver.promise
  }

  /** The sockets of the director that runs, none when none does. It answers on until `confirm`. */
  async takeOver(listen: readonly Endpoint[]): Promise<readonly HandedSocket[] | { readonly problem: string }> {
    const { state, tell } = this.#parts
    const taken = await takeOver(handOverFolder(state), listen)
    if (taken === 'nobody') {
      tell('info', `nobody to take over from: no director runs on ${state}`)
      return []
    }
    if ('problem' in taken) return taken
    this.#predecessor = taken
    return taken.sockets
  }

  /** We serve: the one before ends. */
  confirm(): void {
    this.#predecessor?.done()
  }

  async openDoor(): Promise<void> {
    const { state, tell, ...parts } = this.#parts
    this.#door = await Door.open({
      ...parts,
      folder: handOverFolder(state),
      onHandedOver: (pid) => {
        tell('info', `handed over to process ${pid}`)
        this.#handedOver.resolve()
      },
      onTrouble: (what) => tell('warn', what),
    })
  }

  /** Nobody else is let in; who is inside already may yet take over. */
  closeDoor(): void {
    this.#door?.close()
  }

  /** At the end; the one before, if it has not been told that we serve, goes on. */
  close(): void {
    this.#predecessor?.abandon()
    this.closeDoor()
  }
}
