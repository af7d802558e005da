// What an override is for, from the text that people write: checked against what is configured. A name that stands for
// nothing is a problem with a hint; so is a kind that would do nothing there.
import { parseAddress } from '../../base/address.ts'
import { nearestWord } from '../../base/fault.ts'
import { textOf } from '../address-text.ts'
import type { Definitions, Service } from '../service.ts'
import type { OverrideKind, OverrideTarget } from './override.ts'

export interface TargetProblem {
  readonly detail: string
  readonly hint?: string
}

/** Reads `REGION`, `SERVICE:REGION` or `REGION/ADDRESS`; a host name may stand in the place of the address. */
export function readTarget(written: string, definitions: Definitions): OverrideTarget | TargetProblem {
  const [, service, region = '', balancer] = /^(?:([^:/]+):)?([^:/]+)(?:\/(.+))?$/.exec(written) ?? []
  if (service !== undefined && balancer === undefined) return readServiceTarget(service, region, definitions)
  if (service !== undefined) return { detail: `"${written}" names a service and a balancer`, hint: FORMS }
  const known = definitions.regions.get(region)
  if (!known) return unknown('region', region, definitions.regions.keys())
  if (balancer === undefined) return { region }
  const address = parseAddress(balancer)
  const text = address ? textOf(address) : balancer.toLowerCase().replace(/\.$/, '')
  const all = known.balancers.map((one) => textOf(one.address))
  if (all.includes(text)) return { region, balancer: text }
  return { detail: `${balancer} is no balancer of ${region}`, hint: `there are ${all.join(', ')}` }
}

const FORMS = 'write REGION, SERVICE:REGION, or REGION/ADDRESS'

function readServiceTarget(service: string, region: string, { services }: Definitions): OverrideTarget | TargetProblem {
  const known = services.get(service)
  if (!known) return unknown('service', service, services.keys())
  const answers = [...known.regions, known.fallback]
  return answers.includes(region) ? { service, region } : unknown(`region of ${service}`, region, known.regions)
}

function unknown(thing: string, name: string, known: Iterable<string>): TargetProblem {
  const all = [...known]
  const nearest = nearestWord(name, all)
  const hint = nearest === undefined ? `there are ${all.slice(0, 20).join(', ')}` : `did you mean ${nearest}?`
  return { detail: `there is no ${thing} "${name}"`, hint: all.length === 0 ? 'none is configured' : hint }
}

/** What holds there now, of a kind with a value; a problem when it would do nothing. */
export function configuredWeight(
  { service, region, balancer }: OverrideTarget,
  definitions: Definitions,
): number | TargetProblem {
  if (service !== undefined) return weightInService(definitions.services.get(service)!, region, definitions)
  const known = definitions.regions.get(region)!
  if (balancer === undefined) return known.weight
  return known.balancers.find(({ address }) => textOf(address) === balancer)!.weight
}

function weightInService(service: Service, region: string, { regions }: Definitions): number | TargetProblem {
  const step = service.steer.find(
    (config) => config.step === 'weighted' || config.step === 'weighted-least-connections',
  )
  if (step && 'weights' in step) return step.weights[region] ?? regions.get(region)?.weight ?? 1
  return {
    detail: `${service.name} does not spread by weights`,
    hint: `its steps have no "weighted"; hold ${region} to a part of its share with kind "share"`,
  }
}

/** Whether a kind takes a value, and which. */
export function valueProblem(kind: OverrideKind, value: number | undefined): string | undefined {
  const takesValue = kind === 'share' || kind === 'weight'
  if (takesValue && value === undefined) return `${kind} needs a value`
  if (!takesValue && value !== undefined) return `${kind} takes no value`
  return kind === 'share' && value! > 1 ? 'a share is at most 1' : undefined
}

/** Whether the target is still configured: a reload may have taken it away. */
export function isConfigured({ service, region, balancer }: OverrideTarget, definitions: Definitions): boolean {
  if (service !== undefined) {
    const known = definitions.services.get(service)
    return known !== undefined && [...known.regions, known.fallback].includes(region)
  }
  const known = definitions.regions.get(region)
  return (
    known !== undefined &&
    (balancer === undefined || known.balancers.some(({ address }) => textOf(address) === balancer))
  )
}
