// Questions over a real socket, to a resolver that answers as told.
import { expect, test } from 'vitest'
import { formatAddress } from '../../src/base/address.ts'
import { createAsker } from '../../src/director/ask-addresses.ts'
import { startFakeResolver } from '../support/fake-resolver.ts'

test('addresses with their TTL, NODATA, and failures by name', async () => {
  const fake = await startFakeResolver({
    'x.example.net A': { addresses: ['192.0.2.1', '192.0.2.2'], ttl: 77 },
    'x.example.net AAAA': { addresses: ['2001:db8::1'], ttl: 5 },
    'v4.example.net AAAA': 'nodata',
    'broken.example.net A': 'servfail',
  })
  const ask = createAsker([fake.endpoint])
  const outcome = await ask('x.example.net.', 4)
  expect(outcome).toMatchObject({ kind: 'addresses', ttl: 77 })
  expect(outcome.kind === 'addresses' && outcome.addresses.map(formatAddress)).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(await ask('x.example.net.', 6)).toMatchObject({ kind: 'addresses', ttl: 5 })
  expect(await ask('v4.example.net.', 6)).toEqual({ kind: 'nodata' })
  expect(await ask('gone.example.net.', 4)).toEqual({ kind: 'failed', reason: 'NXDOMAIN' })
  expect(await ask('broken.example.net.', 4)).toEqual({ kind: 'failed', reason: 'SERVFAIL' })
  fake.answers.set('x.example.net A', { addresses: ['192.0.2.3'], ttl: 60 })
  expect(await ask('x.example.net.', 4)).toMatchObject({ ttl: 60 })
  fake.stop()
})

test('a resolver that is gone is a failure in good time', async () => {
  const fake = await startFakeResolver({})
  fake.stop()
  expect(await createAsker([fake.endpoint])('x.example.net.', 4)).toMatchObject({ kind: 'failed' })
})
