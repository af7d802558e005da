// The framing of DNS on a stream (RFC 1035 §4.2.2, RFC 7766 §8): two bytes of length, then the message. Chunks go in as
// they come, whole messages come out. Holds no more memory than what has really arrived: a promise of 65,535 bytes costs
// nothing.

const PREFIX_BYTES = 2
const EMPTY = new Uint8Array(0)

/** What `take` returns instead of a length. */
export const INCOMPLETE = -1
export const TOO_LONG = -2

export class Frames {
  #bytes: Uint8Array = EMPTY
  #start = 0
  #end = 0
  /** False while `#bytes` is a chunk of the socket, which is a window on a larger block. */
  #owned = false

  /** Bytes that have arrived and are not yet part of a message taken. */
  get held(): number {
    return this.#end - this.#start
  }

  push(chunk: Uint8Array): void {
    if (this.held === 0) this.#hold(chunk, chunk.length, false)
    else this.#append(chunk)
  }

  /**
   * Copies the next whole message to the start of `message` and returns its length; INCOMPLETE when there is none, TOO_LONG
   * as soon as one promises to be longer than `limit`.
   */
  take(message: Uint8Array, limit: number): number {
    if (this.held < PREFIX_BYTES) return INCOMPLETE
    const length = (this.#bytes[this.#start]! << 8) | this.#bytes[this.#start + 1]!
    if (length > limit) return TOO_LONG
    if (this.held < PREFIX_BYTES + length) return INCOMPLETE
    const at = this.#start + PREFIX_BYTES
    message.set(this.#bytes.subarray(at, at + length))
    this.#start = at + length
    return length
  }

  /** Forgets what has arrived. */
  clear(): void {
    this.#hold(EMPTY, 0, true)
  }

  /** To be called before waiting: keeps the beginning of a message, and nothing of the chunk that it came in. */
  settle(): void {
    if (this.held === 0) this.clear()
    else if (!this.#owned) this.#hold(this.#bytes.slice(this.#start, this.#end), this.held, true)
  }

  #hold(bytes: Uint8Array, length: number, owned: boolean): void {
    this.#bytes = bytes
    this.#start = 0
    this.#end = length
    this.#owned = owned
  }

  /** Doubles, so that a message which comes byte by byte is not copied as often. */
  #append(chunk: Uint8Array): void {
    const held = this.held
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) {
      const roomier = new Uint8Array(Math.max(held + chunk.length, held * 2))
      roomier.set(this.#bytes.subarray(this.#start, this.#end))
      this.#hold(roomier, held, true)
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }
}
