// Faults of a zone as they are found, by position; capped by file, for a file of a million lines can be wrong in each.
import { compareFaults, isError, type Fault, type Place } from '../base/fault.ts'
import type { Sources } from './sources.ts'

/** Faults told of one file; the one after says that there are more. */
export const MAX_FAULTS = 1000

/** What is wrong, without severity and place. */
export interface Complaint {
  /** Kebab-case. */
  readonly code: string
  readonly message: string
  readonly hint?: string
}

export class Faults {
  readonly #sources: Sources
  readonly #list: Fault[] = []
  readonly #counts = new Map<string, number>()
  /** The worst severity of what is not in the list, by file. */
  readonly #untold = new Map<string, Fault['severity']>()
  #hasErrors = false

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** True once anything forbids the zone, told or not. */
  get hasErrors(): boolean {
    return this.#hasErrors
  }

  error(position: number, complaint: Complaint): void {
    this.#add({ severity: 'error', place: this.#sources.place(position), ...complaint })
  }

  warning(position: number, complaint: Complaint): void {
    this.#add({ severity: 'warning', place: this.#sources.place(position), ...complaint })
  }

  /** An error that concerns a whole file. */
  fileError(place: Place, complaint: Complaint): void {
    this.#add({ severity: 'error', place, ...complaint })
  }

  /** In the order of reading; last, for each file, that there are more than could be told. */
  list(): readonly Fault[] {
    return [
      ...this.#list.toSorted(compareFaults),
      ...[...this.#untold].map(([file, severity]) => moreFaults(file, severity)),
    ]
  }

  #add(fault: Fault): void {
    this.#hasErrors ||= isError(fault)
    const { file } = fault.place
    const count = (this.#counts.get(file) ?? 0) + 1
    this.#counts.set(file, count)
    if (count <= MAX_FAULTS) this.#list.push(fault)
    else if (isError(fault) || !this.#untold.has(file)) this.#untold.set(file, fault.severity)
  }
}

function moreFaults(file: string, severity: Fault['severity']): Fault {
  const message = `there are more than ${MAX_FAULTS} faults in this file; the others are not listed`
  return { code: 'too-many-faults', severity, place: { file }, message }
}
