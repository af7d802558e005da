// What services may answer with, over regions of addresses, of host names, and of both.
import { describe, expect, test } from 'vitest'
import { textOf } from '../../src/director/address-text.ts'
import { parseConfig } from '../../src/config/load.ts'

function load(service: string, more = '') {
  return parseConfig(
    `listen: ["127.0.0.1:5300"]
zones: zones
regions:
  plain: { balancers: [192.0.2.1] }
  cloud: { balancers: [LB-1.Cloud.Example., { address: _a.b-2.cloud.example, weight: 3, probe: host }] }
  other: { balancers: [lb-2.cloud.example] }
services:
  inner: { regions: [plain], steer: [round-robin] }
  web: { ${service} }
${more}`,
    'f',
  )
}

function codes(service: string): string[] {
  return load(service)
    .faults.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)
}

test('host names are read to names, in lower case, with how they are probed', () => {
  const { config } = load('regions: [cloud, other], steer: [weighted], answers: cname, hints: false')
  const { balancers } = config!.regions.get('cloud')!
  expect(balancers.map(({ address }) => [address.family, textOf(address)])).toEqual([
    ['host', 'lb-1.cloud.example'],
    ['host', '_a.b-2.cloud.example'],
  ])
  expect(balancers.map(({ weight, probe }) => [weight, probe])).toEqual([
    [1, undefined],
    [3, 'host'],
  ])
  expect(config!.services.get('web')).toMatchObject({ answers: 'cname', hints: false })
})

describe('never a mixture', () => {
  test.each<[string, string[]]>([
    ['regions: [plain], steer: [round-robin]', []],
    ['regions: [plain], steer: [round-robin], answers: flatten', []],
    ['regions: [cloud, other], steer: [round-robin], answers: flatten', []],
    ['regions: [plain, cloud], steer: [round-robin], answers: flatten', []],
    ['regions: [cloud, other], steer: [round-robin], answers: cname', []],
    ['regions: [cloud], steer: [round-robin]', ['answers-mixed']],
    ['regions: [plain, cloud], steer: [round-robin]', ['answers-mixed']],
    ['regions: [plain, cloud], steer: [round-robin], answers: cname', ['answers-mixed']],
    ['regions: [inner, cloud], steer: [round-robin], answers: cname', ['answers-mixed']],
    ['regions: [cloud], fallback: plain, steer: [round-robin], answers: cname', ['answers-mixed']],
    ['regions: [plain], fallback: cloud, steer: [round-robin]', ['answers-mixed']],
    ['regions: [cloud, other], steer: [{ take: 2 }], answers: cname', ['take-of-cname']],
    ['regions: [cloud], steer: [{ take: 1 }], answers: cname', []],
    ['regions: [cloud], steer: [round-robin], answers: cname, families: independent', ['families-of-cname']],
  ])('%s', (service, expected) => {
    expect(codes(service)).toEqual(expected)
  })
})
