// The rows of `doubt:`: addresses that should always answer, and when their silence is taken for a broken network of our
// own. What follows is health's (health/doubt.ts).
import { z } from 'zod'
import { formatAddress, type Address } from '../base/address.ts'
import { RCODE, TYPE } from '../dns/types.ts'
import type { DoubtOrders } from '../health/doubter.ts'
import type { DnsMonitor, Monitor } from '../health/monitor.ts'
import { address, duration, fraction } from './scalars.ts'

const monitorName = z.string().meta({ title: 'monitor name' })

interface WrittenBeacon {
  readonly address: Address
  readonly monitor?: string
}

const beacon = z
  .union([
    address().transform((bare): WrittenBeacon => ({ address: bare })),
    z.strictObject({
      address: address().describe('Address of the beacon'),
      monitor: monitorName.exactOptional().describe('How it is probed, in the place of `doubt.monitor`'),
    }),
  ])
  .meta({ title: 'address, or mapping with address and monitor', example: '192.0.2.53' })

const rows = z.strictObject({
  beacons: z
    .array(beacon)
    .max(32)
    .prefault([])
    .superRefine(checkBeacons)
    .describe('Addresses beyond our own network that should always answer; without any, nothing is ever frozen'),
  monitor: monitorName
    .optional()
    .meta({ byDefault: 'a DNS query for the NS of the root, every 2s' })
    .describe('How beacons are probed; any answer that it takes as success will do'),
  fraction: fraction(1)
    .prefault(0.6)
    .describe('Health is frozen when this part of the healthy targets fails at once, and no beacon answers'),
  targets: z.int().min(2).max(100_000).prefault(2).describe('Targets that must fail, at least, in two regions or more'),
  window: duration('1s', '1h').prefault('30s').describe('Failures that begin within so much time are at once'),
  longest: duration('0ms', '24h')
    .prefault('5m')
    .describe('Health is frozen no longer than this; then what probes see rules again'),
})

type Written = z.output<typeof rows>

/** `doubt:`. */
export const doubtSchema = rows.superRefine(checkFraction).prefault({})

function checkBeacons(beacons: readonly WrittenBeacon[], context: z.core.$RefinementCtx<WrittenBeacon[]>): void {
  const texts = beacons.map((each) => formatAddress(each.address))
  texts.forEach((text, i) => {
    if (texts.indexOf(text) === i) return
    const params = { message: 'stands here twice', hint: 'keep one' }
    context.addIssue({ code: 'custom', path: [i], input: beacons, params })
  })
}

/** Less than half is not most: it would take the fall of a few for trouble of our own. */
function checkFraction(doubt: Written, context: z.core.$RefinementCtx<Written>): void {
  if (doubt.fraction >= 0.5) return
  const params = { message: 'must be at least 50%', hint: 'health is frozen when most targets fail, not when some do' }
  context.addIssue({ code: 'custom', path: ['fraction'], input: doubt, params })
}

/** Any answer shows that our network carries; resolvers and root servers have one for this. */
const ROOT_QUERY: DnsMonitor = {
  ...{ name: 'beacon', type: 'dns', transport: 'udp', port: 53 },
  ...{ query: '.', queryType: TYPE.NS, recursionDesired: false },
  expectedRcodes: [RCODE.NOERROR, RCODE.SERVFAIL, RCODE.NXDOMAIN, RCODE.REFUSED],
  ...{ intervalMs: 2000, timeoutMs: 1000, fastIntervalMs: 1000, healthyThreshold: 1, unhealthyThreshold: 2 },
}

export function assembleDoubt(written: Written, monitors: ReadonlyMap<string, Monitor>): DoubtOrders {
  const { fraction, targets: leastTargets, window: windowMs, longest: longestMs } = written
  return {
    rules: { fraction, leastTargets, windowMs, longestMs },
    beacons: written.beacons.map(({ address, monitor = written.monitor }) => ({
      id: formatAddress(address),
      address,
      monitor: (monitor === undefined ? undefined : monitors.get(monitor)) ?? ROOT_QUERY,
    })),
  }
}
