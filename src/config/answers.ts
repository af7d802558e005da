// What a service answers with, and what its regions have: addresses, host names to be resolved, or CNAMEs; never a mixture.
import { textOf } from '../director/address-text.ts'
import { answersCname, regionsOf, type Service } from '../director/service.ts'
import type { Config } from './config.ts'
import type { Finding } from './finding.ts'

type Definitions = Pick<Config, 'services' | 'regions'>

/** Services whose regions have what they cannot answer with, each told once; and what a CNAME makes no sense of. */
export function checkAnswers(config: Definitions): Finding[] {
  return [...config.services.values()].flatMap((service) => [
    ...checkBalancers(service, config),
    ...(answersCname(service) ? checkCname(service) : []),
  ])
}

function checkBalancers(service: Service, config: Definitions): Finding[] {
  if (service.answers === 'flatten') return []
  const unfit = answersCname(service) ? 'an address' : 'a host name'
  const found = [...regionsOf(service, config)].flatMap((region) =>
    config.regions
      .get(region)!
      .balancers.filter(({ address }) => (address.family === 'host') !== answersCname(service))
      .map(({ address }) => `${textOf(address)} of \`regions.${region}\` is ${unfit}`),
  )
  const [first] = found
  if (first === undefined) return []
  const [what, hint] = answersCname(service)
    ? ['a CNAME', 'give all of its regions host names, or answer addresses: `answers: flatten`']
    : ['addresses', 'add `answers: flatten` to answer what it resolves to, or `answers: cname`']
  const message = `\`services.${service.name}\` answers ${what}, and ${first}`
  return [{ code: 'answers-mixed', path: ['services', service.name], part: 'key', message, hint }]
}

function checkCname({ name, steer, families }: Service): Finding[] {
  const path = ['services', name]
  const findings: Finding[] = []
  if (steer.some((config) => config.step === 'take' && config.count > 1)) {
    const message = `\`services.${name}\` answers a CNAME, of which a name has one, and takes several`
    const hint = 'leave `take` out'
    findings.push({ code: 'take-of-cname', path: [...path, 'steer'], part: 'key', message, hint })
  }
  if (families === 'independent') {
    const message = `\`services.${name}\` answers a CNAME, which is one for all families`
    const hint = 'leave `families` out'
    findings.push({ code: 'families-of-cname', path: [...path, 'families'], part: 'value', message, hint })
  }
  return findings
}
