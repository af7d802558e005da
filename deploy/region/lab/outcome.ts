// What a run of the lab comes to, and how it is written.
import type { Mark } from './timeline.ts'

export interface Outcome {
  readonly marks: readonly Mark[]
  /** What goes into the JSON file. */
  readonly figures: object
  /** What should not have been; the lab then fails. */
  readonly complaints: readonly string[]
}

export function seconds(ms: number | undefined): string {
  return ms === undefined ? 'not seen' : `${(ms / 1000).toFixed(1)} s`
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}
