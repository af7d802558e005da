// explain, from the snapshot that answers: the name is looked up and the client placed as the query path does it, and the
// director retells the plan from there.
import type { Problem } from '../admin/problem.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import { formatAddress, parseAddress, writeWords, type Address } from '../base/address.ts'
import type { Director } from '../director/director.ts'
import { explain, type ExplainedClient, type Explanation } from '../director/explain.ts'
import type { FoundLocation } from '../director/locate.ts'
import { parseName } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import { inspectName, placeClient, type Inspection, type Placement } from '../query/inspect.ts'
import type { Subscription } from '../snapshot/publication.ts'

export type Explained = { readonly explanation: Explanation } | { readonly problem: Problem }

/** `subscription` is this thread's own, on the director's snapshots. */
export async function explainQuery(
  director: Director,
  subscription: Subscription,
  query: ExplainQuery,
): Promise<Explained> {
  const type = query.type.toUpperCase()
  if (type !== 'A' && type !== 'AAAA') {
    return refuse(400, 'type-not-steered', `${query.type} is not steered: services answer A and AAAA`, 'type')
  }
  const name = parseName(query.name)
  if (typeof name === 'string') return refuse(400, 'bad-name', `"${query.name}" is no domain name: ${name}`, 'name')
  const address = query.client === undefined ? undefined : parseAddress(query.client)
  const located = address && (await director.locate(address))
  subscription.enter()
  try {
    const inspection = inspectName(subscription.snapshot, name, TYPE[type])
    const { binding } = inspection
    const service = binding === undefined ? undefined : director.serviceOf(binding)
    const alias = binding === undefined ? undefined : director.describeAlias(binding)
    if (alias !== undefined) return refuse(404, 'name-not-steered', `${query.name} is ${alias}; nothing steers it`)
    if (binding === undefined || !service) return refuse(404, 'name-not-steered', whyNotSteered(query, inspection))
    const placed = address && placeClient(subscription.snapshot, binding, writeWords(address))
    const client = address && placed && describeClient(address, placed, located)
    const request = { name: query.name, type, ...(client && { client, scope: placed.scope }) } as const
    return { explanation: explain(request, service, director.world) }
  } finally {
    subscription.leave()
  }
}

function describeClient(address: Address, placement: Placement, located: FoundLocation | undefined): ExplainedClient {
  const { class: clientClass } = placement
  if (clientClass === undefined) return { address, why: 'this service treats all clients alike' }
  if (!located) return { address, class: clientClass, why: 'the geo data does not know where it is' }
  const { first, last, location } = located
  const { country, latitude, longitude } = location
  const place = [country, latitude, longitude].filter((part) => part !== undefined).join(' ')
  const why = `geo data: ${formatAddress(first)} to ${formatAddress(last)} is at ${place}`
  return { address, class: clientClass, location, why }
}

function whyNotSteered({ name }: ExplainQuery, { found, zone, chain }: Inspection): string {
  const last = chain.at(-1) ?? name
  const via = chain.length === 0 ? '' : `, to which ${name} leads,`
  switch (found) {
    case 'nothing':
      return `${last}${via} is in none of our zones`
    case 'failedZone':
      return `${last}${via} is in the zone ${zone}, which never loaded`
    case 'delegation':
      return `${last}${via} is delegated away from the zone ${zone}`
    case 'noName':
      return `${last}${via} does not exist in the zone ${zone}`
    case 'dname':
      return `${last}${via} is renamed by a DNAME of the zone ${zone}; ask for its target`
    case 'endless-chain':
      return `${name} leads to a CNAME chain without end`
    case 'node':
      return `${last}${via} is answered by the zone ${zone} itself, not by a service`
  }
}

function refuse(status: 400 | 404, code: string, detail: string, parameter?: string): { readonly problem: Problem } {
  return { problem: { status, code, detail, ...(parameter !== undefined && { parameter }) } }
}
