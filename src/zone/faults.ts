// Faults of a zone as they are found, by position; capped by file, for a file of a million lines can be wrong in each. Errors
// and warnings are capped apart: however much there is to warn of, what forbids the zone is told.
import { compareFaults, isError, type Fault, type Place } from '../base/fault.ts'
import type { Sources } from './sources.ts'

/** Errors told of one file, and warnings; the one after says that there are more. */
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
  /** By severity and file. */
  readonly #counts = new Map<string, number>()
  /** The first of each kind that is not in the list. */
  readonly #untold: Fault[] = []
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
      ...this.#untold.map(({ place, severity }) => moreFaults(place.file, severity)),
    ]
  }

  #add(fault: Fault): void {
    this.#hasErrors ||= isError(fault)
    const kind = `${fault.severity} ${fault.place.file}`
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    if (count <= MAX_FAULTS) this.#list.push(fault)
    else if (count === MAX_FAULTS + 1) this.#untold.push(fault)
  }
}

function moreFaults(file: string, severity: Fault['severity']): Fault {
  const message = `there are more than ${MAX_FAULTS} ${severity}s in this file; the others are not listed`
  return { code: 'too-many-faults', severity, place: { file }, message }
}
