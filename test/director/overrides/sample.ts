import type { Override } from '../../../src/director/overrides/override.ts'

/** A drain of eu-west that begins at 0, unless told otherwise. */
export function override(more: Partial<Override> = {}): Override {
  return {
    ...{ id: 'a', kind: 'drain', target: { region: 'eu-west' }, owner: 'oncall', reason: 'new kernel' },
    ...{ createdAt: 0, startsAt: 0, rampMs: 0 },
    ...more,
  }
}
