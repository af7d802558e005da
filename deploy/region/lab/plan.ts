// What the lab is made of: three regions on loopback, who their users are, how they are checked, and what follows from that
// for users. Times are a fifth of what production has, and less, and everything scales with them.

export interface LabRegion {
  readonly name: string
  /** Of its HAProxy: what answers carry. */
  readonly address: string
  readonly latitude: number
  readonly longitude: number
  readonly country: string
  readonly weight: number
  /** Where the networks of the users at home here begin (population.ts). */
  readonly networks: string
  /** Which regions are next, from here. */
  readonly order: readonly string[]
}

export const SERVERS_PER_REGION = 4

export const REGIONS: readonly LabRegion[] = [
  {
    ...{ name: 'us-east', address: '127.31.0.1', latitude: 38.9, longitude: -77.4, country: 'US' },
    ...{ weight: 5, networks: '3.80', order: ['us-east', 'eu-west', 'ap-south'] },
  },
  {
    ...{ name: 'eu-west', address: '127.32.0.1', latitude: 53.3, longitude: -6.3, country: 'IE' },
    ...{ weight: 3, networks: '3.120', order: ['eu-west', 'us-east', 'ap-south'] },
  },
  {
    ...{ name: 'ap-south', address: '127.33.0.1', latitude: 19.1, longitude: 72.9, country: 'IN' },
    ...{ weight: 2, networks: '49.32', order: ['ap-south', 'eu-west', 'us-east'] },
  },
]

/** Where resolvers listen, as many of them as a run wants: one for all users, or several with users of their own. */
export const RESOLVERS: readonly string[] = Array.from({ length: 8 }, (_, i) => `127.34.0.${i + 1}`)

export const ZONE = 'example.com'
/** Answered by the service `web`: the nearest region. */
export const NAME = `www.${ZONE}`
/** Answered by the service `split`: by weight. */
export const SPLIT_NAME = `split.${ZONE}`
export const TTL_SECONDS = 2
/** gdnsd checks no more often than every two seconds. */
export const CHECK = { intervalMs: 2000, timeoutMs: 1000, healthy: 2, unhealthy: 3 }
export const REPORT_INTERVAL_MS = 2000

/** For the next request to be made and a plan to be published, on a machine that does all of this at once. */
const SLACK_MS = 500

/** From a fault until no user meets it: every check failed, the last one late if it hangs, and every cache old. */
export function boundMs(hangs: boolean): number {
  return CHECK.intervalMs * CHECK.unhealthy + (hangs ? CHECK.timeoutMs : 0) + TTL_SECONDS * 1000 + SLACK_MS
}

/** Ports alike on every region's and every resolver's address. */
export interface Ports {
  readonly http: number
  readonly https: number
  readonly metrics: number
  /** Of the first server; the others follow. */
  readonly servers: number
  readonly dns: number
  readonly resolver: number
  readonly admin: number
  readonly agent: number
}
