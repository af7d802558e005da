// Sampled queries from the rings of all workers, in the words of the HTTP API.
import type { QueryFilter, QueryList, QueryStatus } from '../admin/queries.ts'
import { formatAddress } from '../base/address.ts'
import { formatRcode, formatType } from '../dns/types.ts'
import { readQueryLog, type QueryLog, type SampledQuery } from '../query/query-log.ts'

/** Entries that one request looks at, the newest of each ring: some tens of milliseconds of this thread. */
const MOST_READ = 20_000

/** What a tally counts: an empty region is NODATA. */
type Tallied = (tally: number) => { readonly service: string; readonly region: string } | undefined

export function listQueries(
  logs: readonly QueryLog[],
  sample: number,
  tallied: Tallied,
  { limit, ...wanted }: QueryFilter,
): QueryList {
  const most = Math.ceil(MOST_READ / logs.length)
  const newest = logs.flatMap((log) => readQueryLog(log, most)).sort((a, b) => b.time - a.time)
  const queries: QueryStatus[] = []
  for (const query of newest) {
    if (queries.length === limit) break
    const { service, region } = tallied(query.tally) ?? {}
    const told = describe(query, service, region === '' ? undefined : region)
    const fits = (['name', 'service', 'region'] as const).every((key) => (wanted[key] ?? told[key]) === told[key])
    if (fits) queries.push(told)
  }
  return { sample, queries }
}

function describe(query: SampledQuery, service: string | undefined, region: string | undefined): QueryStatus {
  const { time, name, type, rcode, transport, truncated, sender, subnet, snapshot } = query
  return {
    at: new Date(time).toISOString(),
    ...(name !== undefined && { name, type: formatType(type) }),
    ...{ rcode: formatRcode(rcode), transport, truncated, client: formatAddress(sender) },
    ...(subnet && { subnet: { prefix: `${formatAddress(subnet.address)}/${subnet.source}`, scope: subnet.scope } }),
    ...(service !== undefined && { service }),
    ...(region !== undefined && { region }),
    snapshot,
  }
}
