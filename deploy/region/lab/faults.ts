// What happens to the regions: each fault is inflicted, held, and healed. `region` is whose users are looked at. The last two
// are no faults, but an operator's work, which nobody should feel.
import { setTimeout as sleep } from 'node:timers/promises'
import { bringBack, drain, takeOut, undrain } from './maintenance.ts'
import { REGIONS } from './plan.ts'
import type { Stage } from './stage.ts'

export interface Fault {
  readonly name: string
  readonly what: string
  readonly region: string
  /** How long the fault lasts, and how long its end is watched, in ms. */
  readonly forMs: number
  readonly afterMs: number
  /** Done by an operator through the director (Meridian alone): a request that is lost by it is a failure of the lab. */
  readonly isPlanned?: true
  /** May give a promise: what is then left of `forMs` is waited for. */
  readonly inflict: (stage: Stage, note: Note) => unknown
  readonly heal: (stage: Stage, note: Note) => unknown
}

/** Prints a step that was taken, and marks it in the timeline. */
export type Note = (text: string) => void

const EU = 'eu-west'

export const FAULTS: readonly Fault[] = [
  {
    ...{ name: 'server-killed', what: 'one of four servers is killed', region: EU, forMs: 8000, afterMs: 10_000 },
    inflict: (stage) => stage.setServer(EU, 1, 'gone'),
    heal: (stage) => stage.setServer(EU, 1, 'well'),
  },
  {
    ...{ name: 'haproxy-killed', what: 'its HAProxy is killed', region: EU, forMs: 12_000, afterMs: 10_000 },
    inflict: (stage) => stage.killHaproxy(EU),
    heal: (stage) => stage.startHaproxy(EU),
  },
  {
    ...{ name: 'haproxy-frozen', what: 'its HAProxy is frozen', region: EU, forMs: 13_000, afterMs: 10_000 },
    inflict: (stage) => stage.signalHaproxy(EU, 'SIGSTOP'),
    heal: (stage) => stage.signalHaproxy(EU, 'SIGCONT'),
  },
  {
    ...{ name: 'half-gone', what: 'two of four servers are killed', region: EU, forMs: 12_000, afterMs: 18_000 },
    inflict: async (stage) => {
      await stage.setServer(EU, 1, 'gone')
      await stage.setServer(EU, 2, 'gone')
    },
    heal: (stage) => stage.setServers(EU, 'well'),
  },
  {
    ...{ name: 'slow', what: 'all of its servers take 1.5 s', region: EU, forMs: 8000, afterMs: 6000 },
    inflict: (stage) => stage.setServers(EU, 'slow'),
    heal: (stage) => stage.setServers(EU, 'well'),
  },
  {
    ...{ name: 'erring', what: 'its servers err at 15 %', region: EU, forMs: 14_000, afterMs: 14_000 },
    inflict: (stage) => stage.setServers(EU, 'erring'),
    heal: (stage) => stage.setServers(EU, 'well'),
  },
  {
    ...{ name: 'flapping', what: 'its HAProxy comes and goes', region: EU, forMs: 22_000, afterMs: 10_000 },
    inflict: async (stage) => {
      for (let i = 0; i < 2; i++) {
        await stage.killHaproxy(EU)
        await sleep(6000)
        stage.startHaproxy(EU)
        await sleep(3000)
      }
      await stage.killHaproxy(EU)
    },
    heal: (stage) => stage.startHaproxy(EU),
  },
  {
    ...{ name: 'all-down', what: 'every HAProxy is killed', region: EU, forMs: 8000, afterMs: 10_000 },
    inflict: async (stage) => {
      for (const { name } of REGIONS) await stage.killHaproxy(name)
    },
    heal: (stage) => {
      for (const { name } of REGIONS) stage.startHaproxy(name)
    },
  },
  {
    ...{ name: 'drained', what: 'it is drained and undrained', region: EU, forMs: 12_000, afterMs: 10_000 },
    isPlanned: true,
    inflict: (stage, note) => drain(stage, EU, note),
    heal: (stage, note) => undrain(stage, EU, note),
  },
  {
    ...{
      name: 'maintenance',
      what: 'it is drained, and its HAProxy stopped',
      region: EU,
      forMs: 15_000,
      afterMs: 8000,
    },
    isPlanned: true,
    inflict: (stage, note) => takeOut(stage, EU, note),
    heal: (stage, note) => bringBack(stage, EU, note),
  },
]
