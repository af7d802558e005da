// A binary heap of things by the time at which they are due: one timer serves any number of targets. An item whose time
// has changed is pushed again; the owner tells stale ones by comparing times when they come out.

/** `at` is monotonic ms. */
export interface Due<T> {
  readonly at: number
  readonly item: T
}

export class DueHeap<T> {
  readonly #heap: Due<T>[] = []

  peek(): Due<T> | undefined {
    return this.#heap[0]
  }

  push(due: Due<T>): void {
    const heap = this.#heap
    let hole = heap.push(due) - 1
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (heap[parent]!.at <= due.at) break
      heap[hole] = heap[parent]!
      hole = parent
    }
    heap[hole] = due
  }

  /** Takes the earliest out. */
  pop(): Due<T> | undefined {
    const top = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(last)
    return top
  }

  #sink(due: Due<T>): void {
    const heap = this.#heap
    let hole = 0
    for (;;) {
      let child = hole * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (due.at <= heap[child]!.at) break
      heap[hole] = heap[child]!
      hole = child
    }
    heap[hole] = due
  }
}
