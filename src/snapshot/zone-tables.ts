// The hash tables of a zone image: open addressing with linear probing, at most half full.

import { firstSlot } from './hash.ts'

/** Entries that lie within one stretch of a table are entered together, so that it stays in the processor's cache. */
const STRETCH_SLOTS = 1 << 13

/** Twice as many slots as entries, a power of two: probes stay short. */
export function tableSize(entries: number): number {
  let size = 2
  while (size < entries * 2) size *= 2
  return size
}

/**
 * Enters records with their hashes into an empty table, whose length is a power of two; 0 is no record. They go stretch by
 * stretch: in order of reading each of a million would miss the cache (290 → 60 ms).
 */
export function fillTable(slots: Int32Array, records: ArrayLike<number>, hashes: ArrayLike<number>): void {
  const stretches = Math.ceil(slots.length / STRETCH_SLOTS)
  const next = new Int32Array(stretches + 1)
  const first = new Int32Array(records.length)
  for (let i = 0; i < records.length; i++) {
    const slot = firstSlot(hashes[i]!, slots.length - 1)
    first[i] = slot
    next[Math.floor(slot / STRETCH_SLOTS) + 1]!++
  }
  for (let stretch = 0; stretch < stretches; stretch++) next[stretch + 1]! += next[stretch]!
  const order = new Int32Array(records.length)
  for (let i = 0; i < records.length; i++) order[next[Math.floor(first[i]! / STRETCH_SLOTS)]!++] = i
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!
    if (records[i] !== 0) enter(slots, first[i]!, records[i]!)
  }
}

function enter(slots: Int32Array, slot: number, record: number): void {
  while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
  slots[slot] = record
}
