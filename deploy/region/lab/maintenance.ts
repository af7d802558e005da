// An operator's work on a region, by the same commands that anybody would type: look what it would do, drain it along a ramp,
// wait until it is safe to stop, stop its HAProxy; start it, wait until the director sees it, and give it its users again.
// Each command fails the lab when it fails.
import type { HealthState } from '../../../src/admin/status.ts'
import type { Note } from './faults.ts'
import { boundMs, CHECK } from './plan.ts'
import type { Stage } from './stage.ts'

const RAMP = ['--over', '3s']
const WHY = ['--reason', 'maintenance in the lab']
/** The ramp, the TTL, two reports, and room. */
const PATIENCE = ['--timeout', '30s']
const UP_MS = CHECK.intervalMs * (CHECK.healthy + 2)

export async function drain({ watch }: Stage, region: string, note: Note): Promise<void> {
  await watch.operate('drain', region, ...RAMP, ...WHY, '--wait', ...PATIENCE)
  note(`${region} is safe to stop`)
}

export async function undrain({ watch }: Stage, region: string, note: Note): Promise<void> {
  await watch.operate('undrain', region, ...RAMP, ...WHY)
  note(`${region} gets its users again`)
}

export async function takeOut(stage: Stage, region: string, note: Note): Promise<void> {
  await stage.watch.operate('plan', '--drain', region, ...RAMP)
  note(`the plan breaks no rule`)
  await drain(stage, region, note)
  await stage.stopHaproxy(region)
  await isSeen(stage, region, 'down', boundMs(false))
  note(`its HAProxy is stopped, and the director knows`)
}

export async function bringBack(stage: Stage, region: string, note: Note): Promise<void> {
  stage.startHaproxy(region)
  await isSeen(stage, region, 'up', UP_MS)
  note(`its HAProxy is started, and the director knows`)
  await undrain(stage, region, note)
}

/** Waits until the director says so of the region. */
async function isSeen({ watch }: Stage, name: string, state: HealthState, timeoutMs: number): Promise<void> {
  const holds = (regions: readonly { readonly name: string; readonly state: HealthState }[]) =>
    regions.some((region) => region.name === name && region.state === state)
  await watch.until(`${name} is ${state}`, ({ regions }) => holds(regions), timeoutMs)
}
