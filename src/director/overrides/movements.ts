// The movements of users that an override makes: as it comes, and as it goes.
import { cutAt, type Movement } from '../movement.ts'
import { undoOf, type Override } from './override.ts'

/** `parts`: the parts of users of each service that it moves in full force. */
export function movementsOf(override: Override, parts: Movement['parts']): readonly Movement[] {
  const { startsAt, rampMs } = override
  const coming = { parts, from: startsAt, overMs: rampMs }
  const undo = undoOf(override)
  if (!undo) return [coming]
  const come = cutAt(coming, undo.at)
  return come ? [come, { parts: come.parts, from: undo.at, overMs: undo.overMs }] : []
}

export function scale(parts: Movement['parts'], by: number): Movement['parts'] {
  return Object.fromEntries(Object.entries(parts).map(([service, part]) => [service, part * by]))
}
