// Places in the shared memory that workers count in: pick counters, one for each (LB name, class, family), and tallies,
// one for each (service, region). A place stays with its owner over publications, so walks and counts go on.

/** Hands out runs of places in a block of fixed size. The same key and length keeps its place for ever. */
export class PlaceBook {
  readonly capacity: number
  readonly #places = new Map<string, number>()
  readonly #owners = new Map<number, string>()
  /** Place 0 belongs to nobody: it takes what finds no place. */
  #next = 1

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /**
   * The first of `length` places for that key. When the block is full, keys share its places: walks through slot
   * tables then interleave, which costs evenness and nothing else.
   */
  place(key: string, length: number): number {
    const keyAndLength = `${key}\0${length}`
    const known = this.#places.get(keyAndLength)
    if (known !== undefined) return known
    const fits = this.#next + length <= this.capacity
    const at = fits ? this.#next : 0
    if (fits) {
      this.#next += length
      this.#owners.set(at, key)
    }
    this.#places.set(keyAndLength, at)
    return at
  }

  /** The key that was given a run which begins there; undefined for place 0, which is nobody's. */
  ownerOf(place: number): string | undefined {
    return this.#owners.get(place)
  }
}
