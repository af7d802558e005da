// Offsets of data records → indexes of locations: asked once for each of five million networks, of which a Map would take two
// seconds and most of what reading costs (test/bench/client-map.ts --full). Open addressing over typed arrays.
import { mix32 } from '../../base/random.ts'

const FIRST_CAPACITY = 1 << 14

/** What `find` gives for an offset that was never set. */
export const UNSET = -2

export class OffsetTable {
  #count = 0
  /** Offsets plus 1; 0: free. */
  #keys = new Int32Array(FIRST_CAPACITY)
  #values = new Int32Array(FIRST_CAPACITY)

  /** `offset`: 0 to 2³¹ − 2. */
  find(offset: number): number {
    const slot = this.#slotOf(offset)
    return this.#keys[slot] === 0 ? UNSET : this.#values[slot]!
  }

  set(offset: number, value: number): void {
    if (this.#count * 2 >= this.#keys.length) this.#grow()
    const slot = this.#slotOf(offset)
    if (this.#keys[slot] === 0) this.#count++
    this.#keys[slot] = offset + 1
    this.#values[slot] = value
  }

  /** Where the offset stands, or would. */
  #slotOf(offset: number): number {
    const mask = this.#keys.length - 1
    let slot = mix32(offset) & mask
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== offset + 1) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#keys = new Int32Array(keys.length * 2)
    this.#values = new Int32Array(keys.length * 2)
    this.#count = 0
    for (let i = 0; i < keys.length; i++) if (keys[i] !== 0) this.set(keys[i]! - 1, values[i]!)
  }
}
