// Where a client stands in the plan of the service that answers it. Filled in place, for one answer after the other.

export interface Place {
  service: number
  body: number
  /** Of the client's class: where its tables stand in the body. */
  row: number
  /** ECS scope: what class and slot depend on. */
  scope: number
  /** Answer records whose addresses are hints. */
  hint4: number
  hint6: number
}

export function createPlace(): Place {
  return { service: 0, body: 0, row: 0, scope: 0, hint4: 0, hint6: 0 }
}
