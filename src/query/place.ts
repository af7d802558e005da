// Where the answer to a type other than A and AAAA was found in the plan: hints take more than one of its records. Filled in
// place.

export interface Place {
  service: number
  body: number
  /** Of the client's class: where its tables stand. */
  row: number
  /** The number whose remainder is the slot: an unsigned one, as 32 signed bits, for such are never put on the heap. */
  drawn: number
  /** ECS scope: what class and slot depend on. */
  scope: number
  /** Answer records whose addresses are hints. */
  hint4: number
  hint6: number
}

export function createPlace(): Place {
  return { service: 0, body: 0, row: 0, drawn: 0, scope: 0, hint4: 0, hint6: 0 }
}
