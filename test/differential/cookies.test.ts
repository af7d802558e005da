// Cookies made by one server are known by the others that share its secret (RFC 9018): who moves from node to node, or from
// BIND to us on one anycast address, is not a stranger.
import { expect, test } from 'vitest'
import { parseName, type Name } from '../../src/dns/name.ts'
import type { Endpoint } from '../support/dns-client.ts'
import { readAnswer } from './answer.ts'
import { askAll } from './asking.ts'
import type { Probe } from './probe.ts'
import { missingReferences } from './references.ts'
import { withServers } from './session.ts'
import { readZone } from './worlds.ts'

const COOKIE = 10
const CLIENT_COOKIE = '0123456789abcdef'

test.skipIf(missingReferences().length > 0)('a cookie of NSD, Knot or BIND comes back from us unchanged', async () => {
  const returned = await withServers([readZone('plain.test.zone')], ({ ours, references }) =>
    Promise.all(
      references.map(async ({ name, endpoint }) => {
        const issued = await cookieFrom(endpoint, CLIENT_COOKIE)
        const forged = issued.slice(0, -2) + (issued.endsWith('00') ? '01' : '00')
        const [known, unknown] = [await cookieFrom(ours, issued), await cookieFrom(ours, forged)]
        return { name, length: issued.length / 2, isKept: known === issued, forgedIsKept: unknown === forged }
      }),
    ),
  )
  expect(returned).toEqual(
    ['nsd', 'knot', 'bind'].map((name) => ({ name, length: 24, isKept: true, forgedIsKept: false })),
  )
})

async function cookieFrom(endpoint: Endpoint, cookie: string): Promise<string> {
  const probe: Probe = {
    ...{ name: parseName('www.plain.test') as Name, type: 1, class: 1, flags: 0, stream: false, tags: [] },
    edns: { size: 1232, options: [{ code: COOKIE, data: Buffer.from(cookie, 'hex') }] },
  }
  const [reply] = await askAll(endpoint, [probe])
  return readAnswer(reply!).edns!.options.find(({ code }) => code === COOKIE)!.data
}
