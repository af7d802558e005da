// explain, from what answers now or did at a moment of the past: the name is looked up and the client placed as the query
// path does it, and the director retells the plan from there.
import type { Problem } from '../admin/problem.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import { formatAddress, parseAddress, writeWords, type Address } from '../base/address.ts'
import type { Scene } from '../director/chronicle.ts'
import type { Director } from '../director/director.ts'
import type { Era } from '../director/era.ts'
import {
  explain,
  EXPLAINED_TYPES,
  type ExplainedClient,
  type ExplainedMoment,
  type Explanation,
} from '../director/explain.ts'
import { pinRecordOf } from '../director/outline.ts'
import { askQuestion } from '../director/question.ts'
import { answersCname, type Service } from '../director/service.ts'
import { parseName, type Name } from '../dns/name.ts'
import type { FoundLocation } from '../geo/geo.ts'
import { isPrivate } from '../geo/private.ts'
import { TYPE } from '../dns/types.ts'
import { inspectName, placeClient, type Inspection, type Placement } from '../query/inspect.ts'

export type Explained = { readonly explanation: Explanation } | Refused

interface Refused {
  readonly problem: Problem
}

export async function explainQuery(director: Director, query: ExplainQuery): Promise<Explained> {
  const type = EXPLAINED_TYPES.find((each) => each === query.type.toUpperCase())
  if (!type) {
    const detail = `${query.type} is not steered: services answer ${EXPLAINED_TYPES.join(', ')}`
    return refuse(400, 'type-not-steered', detail, 'type')
  }
  const name = parseName(query.name)
  if (typeof name === 'string') return refuse(400, 'bad-name', `"${query.name}" is no domain name: ${name}`, 'name')
  const address = query.client === undefined ? undefined : parseAddress(query.client)
  // The search for the address takes a while, after which what answers may be another thing.
  const located = address && (await director.locate(address))
  const scene = director.scene(query.at)
  if (!scene) return refuseTime(director)
  const service = findService(director, scene, query, name, TYPE[type])
  if ('problem' in service) return service
  const placed = address && placeIn(scene, service, address)
  if (placed && 'problem' in placed) return placed
  const client = address && placed && describeClient(scene, service, address, placed, located)
  const moment = query.at === undefined ? undefined : describeMoment(query.at, scene)
  const request = { name: query.name, type, ...(client && { client, scope: placed.scope }) } as const
  return { explanation: explain({ ...request, ...(moment && { moment }) }, service, scene.world) }
}

function findService(
  director: Director,
  { era }: Scene,
  query: ExplainQuery,
  name: Name,
  type: number,
): Service | Refused {
  const { memory } = era.images.zones
  if (!memory) return refuseEra(era, 'zones')
  const zones = { zoneWords: new Int32Array(memory), zoneBytes: new Uint8Array(memory) }
  const inspection = inspectName(zones, name, type)
  const bound = inspection.binding === undefined ? undefined : era.bindings[inspection.binding]!.service
  const alias = bound === undefined ? undefined : director.describeAlias(bound)
  if (alias !== undefined) return refuse(404, 'name-not-steered', `${query.name} is ${alias}; nothing steers it`)
  const service = answeringService(era, inspection, type) ?? hintingService(era, inspection)
  return service ?? refuse(404, 'name-not-steered', whyNotSteered(query, inspection))
}

/** The service of the name itself, if it answers that type. */
function answeringService(era: Era, { binding }: Inspection, type: number): Service | undefined {
  const service = binding === undefined ? undefined : serviceOf(era, binding)
  const isAddress = type === TYPE.A || type === TYPE.AAAA
  return service && (isAddress || answersCname(service)) ? service : undefined
}

/** The first that gives hints to records of the name. */
function hintingService(era: Era, { hinting }: Inspection): Service | undefined {
  const services = hinting.flatMap((binding) => serviceOf(era, binding) ?? [])
  return services.find((service) => service.hints && !answersCname(service))
}

function serviceOf({ bindings, definitions }: Era, binding: number): Service | undefined {
  return definitions.services.get(bindings[binding]!.service)
}

function placeIn({ era }: Scene, service: Service, address: Address): Placement | Refused {
  const map = clientMapOf(era, service)
  const { memory } = era.images.clientMaps
  if (map && !memory) return refuseEra(era, 'client maps')
  const pin = pinRecordOf(service, era.definitions)
  const pinBits = (address.family === 4 ? pin?.ipv4Bits : pin?.ipv6Bits) ?? -1
  const words = new Int32Array(memory ?? new ArrayBuffer(0))
  const placed = placeClient(words, map?.offset ?? -1, pinBits, writeWords(address))
  return service.ignoreEcs ? { ...placed, scope: 0 } : placed
}

/** The client map that tells a service's clients apart; undefined: all are alike, or there is no geo data. */
function clientMapOf({ clientMaps, definitions }: Era, service: Service): Era['clientMaps'][number] | undefined {
  const question = askQuestion(service, definitions)
  return question && clientMaps.find(({ key }) => key === question.key)
}

/** What the geo data of another configuration said of one address is not kept, but which clients its class stood for is. */
function describeClient(
  { era }: Scene,
  service: Service,
  address: Address,
  { class: clientClass }: Placement,
  located: FoundLocation | undefined,
): ExplainedClient {
  const own = service.ignoreEcs ? "; as a resolver's own address, for client subnets are ignored" : ''
  if (clientClass === undefined) return { address, why: `this service treats all clients alike${own}` }
  if (era.until !== undefined) {
    const location = clientMapOf(era, service)?.classes[clientClass]?.representative
    const why = `by the client map of then; where it is, is told for one client of its class${own}`
    return { address, class: clientClass, ...(location && { location }), why }
  }
  if (!located) return { address, class: clientClass, why: `${whyUnknown(address)}${own}` }
  return { address, class: clientClass, location: located.location, why: `${describePlace(located)}${own}` }
}

function whyUnknown(address: Address): string {
  if (!isPrivate(address)) return 'the geo data does not know where it is'
  return 'a private address, of which neither the geo data nor `geo.private` says where it is: unknown'
}

function describePlace({ first, last, location, origin }: FoundLocation): string {
  const { country, continent, latitude, longitude, asn } = location
  const parts = [country ?? continent, latitude, longitude, asn === undefined ? undefined : `of AS${asn}`]
  const place = parts.filter((part) => part !== undefined).join(' ')
  return `${origin}: ${formatAddress(first)} to ${formatAddress(last)} is at ${place}`
}

function describeMoment(at: number, { since, until, snapshot, era }: Scene): ExplainedMoment {
  return {
    ...{ at: textOf(at), since: textOf(since), snapshot },
    ...(until !== undefined && { until: textOf(until) }),
    ...(era.until !== undefined && { replaced: textOf(era.until) }),
  }
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

function refuseTime({ history }: Director): Refused {
  const detail = `the history begins at ${textOf(history.begins!)}`
  return refuse(404, 'before-history', detail, 'at', 'later than that, or let `history` keep more')
}

function refuseEra({ until }: Era, what: string): Refused {
  const detail = `the ${what} of then were replaced at ${textOf(until!)}, and were too large to be kept`
  return refuse(404, 'history-incomplete', detail, 'at', 'a moment after that, or more `history.megabytes`')
}

function textOf(wallMs: number): string {
  return new Date(wallMs).toISOString()
}

function refuse(status: 400 | 404, code: string, detail: string, parameter?: string, hint?: string): Refused {
  const more = { ...(parameter !== undefined && { parameter }), ...(hint !== undefined && { hint }) }
  return { problem: { status, code, detail, ...more } }
}
