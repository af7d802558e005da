// What in `doubt:` makes no sense beside the rest of a config: beacons that could not tell our trouble from theirs.
import { textOf } from '../director/address-text.ts'
import { leavesOf, type Monitor } from '../health/monitor.ts'
import type { Config } from './config.ts'
import type { Finding } from './finding.ts'

/** Of a config that has no other fault. */
export function lintDoubt(config: Config): Finding[] {
  if (config.doubt.beacons.length === 0) return []
  return [...checkProbing(config), ...checkOwn(config), ...checkWindow(config)]
}

function checkProbing({ doubt }: Config): Finding[] {
  return doubt.beacons.flatMap(({ id, monitor }, i): Finding[] => {
    if (monitor.type !== 'calculated') return []
    const message = `the beacon ${id} cannot be probed by \`${monitor.name}\`, which calculates`
    const hint = 'name a monitor that probes'
    return [{ code: 'calculated-beacon', path: ['doubt', 'beacons', i], part: 'value', message, hint }]
  })
}

/** A balancer that falls must not look like a network that does. */
function checkOwn({ doubt, regions }: Config): Finding[] {
  const own = new Map(
    [...regions.values()].flatMap(({ name, balancers }) =>
      balancers.map(({ address }) => [textOf(address), name] as const),
    ),
  )
  return doubt.beacons.flatMap(({ id }, i): Finding[] => {
    const region = own.get(id)
    if (region === undefined) return []
    const message = `the beacon ${id} is a balancer of \`regions.${region}\`: it falls with what it is to vouch for`
    const hint = 'name an address that is not yours'
    return [
      { code: 'beacon-of-ours', severity: 'warning', path: ['doubt', 'beacons', i], part: 'value', message, hint },
    ]
  })
}

/** Failures of targets that are probed more seldom than that do not fall into one window. */
function checkWindow({ doubt, regions }: Config): Finding[] {
  const used = new Set([...regions.values()].flatMap(({ monitor }) => monitor ?? []))
  const slow = [...used].find((monitor) => slowestMs(monitor) > doubt.rules.windowMs)
  if (!slow) return []
  const message = `\`monitors.${slow.name}\` may take ${slowestMs(slow) / 1000} s to see a failure, longer than \`doubt.window\``
  const hint = 'widen the window, or shorten the interval'
  return [{ code: 'window-too-short', severity: 'warning', path: ['doubt'], part: 'key', message, hint }]
}

function slowestMs(monitor: Monitor): number {
  return Math.max(...leavesOf(monitor).map(({ intervalMs, timeoutMs }) => intervalMs + timeoutMs))
}
