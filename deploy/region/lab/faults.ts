// What happens to the regions: each fault is inflicted, held, and healed. `region` is whose users are looked at.
import { setTimeout as sleep } from 'node:timers/promises'
import { REGIONS } from './plan.ts'
import type { Stage } from './stage.ts'

export interface Fault {
  readonly name: string
  readonly what: string
  readonly region: string
  /** How long the fault lasts, and how long its end is watched, in ms. */
  readonly forMs: number
  readonly afterMs: number
  /** May give a promise: what is then left of `forMs` is waited for. */
  readonly inflict: (stage: Stage) => unknown
  readonly heal: (stage: Stage) => unknown
}

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
    ...{ name: 'half-gone', what: 'two of four servers are killed', region: EU, forMs: 14_000, afterMs: 20_000 },
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
    ...{ name: 'erring', what: 'its servers err at 15 %', region: EU, forMs: 20_000, afterMs: 14_000 },
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
]
