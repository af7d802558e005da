// An override as the API shows it: what was asked for, how far it is, and, of a drain, how empty its target is.
import type { OverrideView } from '../admin/overrides.ts'
import type { Config } from '../config/config.ts'
import type { Director } from '../director/director.ts'
import { drainProgress, type DrainSight } from '../director/overrides/drain.ts'
import { endsAt, formatTarget, strengthAt, undoOf, type Override } from '../director/overrides/override.ts'
import { isConfigured } from '../director/overrides/target.ts'
import { textOf } from '../director/address-text.ts'
import { regionsOf, type Service } from '../director/service.ts'
import type { Member } from '../director/tables.ts'
import type { OverrideDesk } from './override-desk.ts'

export interface ViewParts {
  readonly config: Config
  readonly director: Director
  readonly desk: OverrideDesk
  readonly leadMs: number
  /** Overrides that a safety rule holds back. */
  readonly suspended: ReadonlySet<string>
  /** Wall-clock ms. */
  readonly now: number
}

export function viewOverride(override: Override, parts: ViewParts): OverrideView {
  const { id, kind, target, value, owner, reason, createdAt, startsAt, rampMs, expiresAt, overruled, undo } = override
  const strength = parts.suspended.has(override.id) ? 0 : strengthAt(override, parts.now)
  return {
    ...{ id, kind, owner, reason, rampMs },
    ...(value !== undefined && { value }),
    ...(overruled !== undefined && { overruled }),
    target: formatTarget(target),
    createdAt: moment(createdAt),
    startsAt: moment(startsAt),
    ...(expiresAt !== undefined && { expiresAt: moment(expiresAt) }),
    ...(undo && { undo: { ...undo, at: moment(undo.at) } }),
    state: stateOf(override, strength, parts),
    strength,
    ...(override.kind === 'drain' && { drain: viewDrain(override, parts) }),
  }
}

function stateOf(override: Override, strength: number, { config, suspended, now }: ViewParts): OverrideView['state'] {
  if (endsAt(override) <= now) return 'ended'
  if (!isConfigured(override.target, config)) return 'without-target'
  if (suspended.has(override.id)) return 'suspended'
  if (now < override.startsAt) return 'scheduled'
  if ((undoOf(override)?.at ?? Infinity) <= now) return 'ending'
  return strength < 1 ? 'coming' : 'in-force'
}

function viewDrain(override: Override, parts: ViewParts): NonNullable<OverrideView['drain']> {
  const { now } = parts
  const sight = sightOf(override, parts)
  const { emptyAt, ...progress } = drainProgress(override, now, sight)
  return { ...progress, share: sight.share, ...(emptyAt !== undefined && { emptyAt: moment(emptyAt) }) }
}

function sightOf(override: Override, { config, director, desk, leadMs }: ViewParts): DrainSight {
  const { service, region, balancer } = override.target
  const services = [...config.services.values()].filter(
    (one) => (service === undefined || one.name === service) && meets(one, region, config),
  )
  const shares = services.map(({ name }) => mostShare(director, name, region, balancer))
  return {
    share: Math.max(0, ...shares),
    ttlMs: Math.max(0, ...services.map(({ ttl }) => ttl * 1000)),
    leastTtlMs: Math.max(0, ...services.map(({ leastTtl }) => leastTtl * 1000)),
    leadMs,
    ...desk.loadsOf(override),
  }
}

function meets(service: Service, region: string, config: Config): boolean {
  return service.regions.includes(region) || regionsOf(service, config).has(region)
}

/** The most that any class of clients gets of a region's, or of one balancer's, addresses: 0 to 1. */
function mostShare(director: Director, service: string, region: string, balancer: string | undefined): number {
  const classes = director.plans.get(service)?.classes ?? []
  return classes.reduce((most, { members }) => Math.max(most, shareIn(members, region, balancer)), 0)
}

function shareIn(members: readonly Member[], region: string, balancer: string | undefined): number {
  return members.reduce((sum, member) => {
    if (member.name === region) return sum + (balancer === undefined ? member.share : partOf(member, balancer))
    return sum + (member.members ? member.share * shareIn(member.members, region, balancer) : 0)
  }, 0)
}

function partOf({ share, balancers }: Member, balancer: string): number {
  const total = balancers.reduce((sum, { weight }) => sum + weight, 0)
  const own = balancers.filter(({ address, host }) => [address, host].some((each) => each && textOf(each) === balancer))
  return total === 0 ? 0 : (share * own.reduce((sum, { weight }) => sum + weight, 0)) / total
}

function moment(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
