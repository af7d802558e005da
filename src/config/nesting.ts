// Services that stand in the place of regions of other services: what makes no sense between them.
import { pinsWithin } from '../director/outline.ts'
import type { Config } from './config.ts'
import type { Path } from './document.ts'
import { formatPath, valueAt, type Finding } from './finding.ts'
import { namesIn, pathsLike } from './references.ts'

/** Services that stand in their own regions, or in those of services within them: told once for each circle. */
export function checkNesting(document: unknown): Finding[] {
  const regions = namesIn(document, 'regions') ?? []
  const within = (service: string) =>
    pathsLike(document, ['services', service, 'regions', '*'])
      .map((path) => ({ path, name: valueAt(document, path) }))
      .filter((member): member is { path: Path; name: string } => typeof member.name === 'string')
      .filter(({ name }) => !regions.includes(name))
  const done = new Set<string>()
  const findings: Finding[] = []
  const walk = (service: string, chain: readonly string[]): void => {
    if (done.has(service)) return
    for (const { path, name } of within(service)) {
      const start = chain.indexOf(name)
      if (start >= 0) findings.push(describeCircle(path, [...chain.slice(start), name]))
      else walk(name, [...chain, name])
    }
    done.add(service)
  }
  for (const service of namesIn(document, 'services') ?? []) walk(service, [service])
  return findings
}

function describeCircle(path: Path, circle: readonly string[]): Finding {
  const message = `\`${formatPath(path)}\` closes a circle of services: ${circle.join(' → ')}`
  return { code: 'circle', path, part: 'value', message, hint: 'a service cannot stand in for a region of its own' }
}

/** Services within one that pin clients differently, when it has no pin of its own: one of their promises would break. */
export function checkPins({ services, regions }: Pick<Config, 'services' | 'regions'>): Finding[] {
  return [...services.values()].flatMap((service): Finding[] => {
    const [first, other] = new Set(pinsWithin(service, { services, regions }).map((pin) => JSON.stringify(pin)))
    if (first === undefined || other === undefined) return []
    const message = `services within \`services.${service.name}\` pin clients differently, and a client has one slot`
    const hint = 'give this service a pin of its own, such as consistent-hash'
    return [{ code: 'pins-differ', path: ['services', service.name, 'steer'], part: 'key', message, hint }]
  })
}
