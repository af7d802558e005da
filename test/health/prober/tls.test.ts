import { createServer as createHttp } from 'node:http'
import { createServer, type TlsOptions } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Observation } from '../../../src/health/health.ts'
import type { TlsRules } from '../../../src/health/monitor.ts'
import { createTlsProbe } from '../../../src/health/prober/tls.ts'
import { createTlsSettings } from '../../../src/health/prober/tls-rules.ts'
import { tlsMonitor } from './monitors.ts'
import { Authority, closeAll, listen, type Pair } from './servers.ts'

const probeTls = createTlsProbe(createTlsSettings())
let authority: Authority
let stranger: Authority
let good: Pair

beforeAll(() => {
  authority = new Authority()
  stranger = new Authority()
  good = authority.issue('good', 'IP:127.1.0.1,DNS:www.example.com', 10)
})
afterAll(() => {
  authority.remove()
  stranger.remove()
})
afterEach(closeAll)

async function probe(server: TlsOptions, rules: Partial<TlsRules> = {}): Promise<Observation> {
  const { port } = await listen(createServer(server).on('tlsClientError', () => undefined))
  const tls: TlsRules = { verify: true, minDaysValid: 0, ca: authority.caFile, ...rules }
  const target = { id: 'test', address: parseAddress('127.1.0.1')!, monitor: { ...tlsMonitor, port, tls } }
  return probeTls(target, new AbortController().signal, systemClock)
}

it('takes a certificate that is valid for the address or the name', async () => {
  expect(await probe(good)).toMatchObject({
    outcome: 'success',
    reason: expect.stringMatching(/^TLSv1.3 in/) as string,
  })
  expect((await probe(good, { serverName: 'www.example.com' })).outcome).toBe('success')
})

it.each([
  ['an expired certificate', () => authority.issue('old', 'IP:127.1.0.1', -1), 'certificate expired'],
  [
    'a certificate for another name',
    () => authority.issue('other', 'DNS:b.example', 9),
    'certificate for another name',
  ],
  [
    'a certificate of an unknown authority',
    () => stranger.issue('strange', 'IP:127.1.0.1', 9),
    'certificate of an unknown authority',
  ],
  ['a certificate signed by itself', () => stranger.selfSigned(), 'certificate signed by itself'],
] as const)('refuses %s, unless verification is off', async (_what, issue, reason) => {
  const pair = issue()
  expect(await probe(pair)).toMatchObject({ outcome: 'failure', reason })
  expect((await probe(pair, { verify: false })).outcome).toBe('success')
})

it('wants as many days of validity as configured, also without verification', async () => {
  expect((await probe(good, { minDaysValid: 9 })).outcome).toBe('success')
  const reason = 'certificate expires in 9 days'
  expect(await probe(good, { minDaysValid: 14 })).toMatchObject({ outcome: 'failure', reason })
  expect(await probe(good, { minDaysValid: 14, verify: false })).toMatchObject({ outcome: 'failure', reason })
  const old = authority.issue('older', 'IP:127.1.0.1', -1)
  expect(await probe(old, { minDaysValid: 1, verify: false })).toMatchObject({ reason: 'certificate expired' })
})

it('shows a client certificate', async () => {
  const { cert, key } = good
  const client = authority.issue('client', 'DNS:client', 9)
  const mutual: TlsOptions = {
    cert,
    key,
    ca: client.ca,
    requestCert: true,
    rejectUnauthorized: true,
    // In TLS 1.3 a client is done before the server has looked at its certificate.
    maxVersion: 'TLSv1.2',
  }
  expect((await probe(mutual, { certificate: client.certFile, key: client.keyFile })).outcome).toBe('success')
  expect((await probe(mutual)).outcome).toBe('failure')
})

it('tells a server without TLS', async () => {
  const { port } = await listen(createHttp())
  const target = { id: 'test', address: parseAddress('127.1.0.1')!, monitor: { ...tlsMonitor, port } }
  const seen = await probeTls(target, new AbortController().signal, systemClock)
  expect(seen).toMatchObject({ outcome: 'failure', reason: 'no TLS' })
})

it('takes a missing or broken file as trouble of our own', async () => {
  const reason = expect.stringMatching(/^our own trouble: ENOENT/) as string
  expect(await probe(good, { ca: '/nowhere/ca.pem' })).toMatchObject({ outcome: 'none', reason })
  expect((await probe(good, { certificate: good.keyFile, key: good.keyFile })).outcome).toBe('none')
})
