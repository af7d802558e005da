// Every kind of answer, as a question on a command line and what dig and kdig must print of the answer to it.
import type { ClientAnswer } from '../support/client-output.ts'
import { LONG_TEXTS, RECORDS, SOA } from './clients-zone.ts'

export interface Case {
  readonly title: string
  /** Name, type and options, for both programs. */
  readonly words: string
  /** The client says that it asks again by TCP. */
  readonly retried?: boolean
  /** What is not given is NOERROR, `qr aa`, by UDP, empty, without a subnet and an extended error. */
  readonly expected: Partial<ClientAnswer>
}

const TOO_LONG = RECORDS.find(([owner]) => owner === 'lengthened')?.[2] ?? ''
const LB_WEST = 'lb.clients.test. 30 A 198.51.100.20'
const LB_EAST = 'lb.clients.test. 30 A 198.51.100.10'
const A_BOTH = ['a.clients.test. 300 A 192.0.2.1', 'a.clients.test. 300 A 192.0.2.2']

export const CASES: readonly Case[] = [
  ...RECORDS.map(([owner, type, ...all]) => ({
    title: `${type} of ${owner}`,
    words: `${owner}.clients.test ${type}`,
    expected: { answer: all.map((rdata) => `${owner}.clients.test. 300 ${type} ${rdata}`) },
  })),
  { title: 'SOA', words: 'clients.test SOA', expected: { answer: [SOA.replace(' 60 ', ' 300 ')] } },
  {
    title: 'NS',
    words: 'clients.test NS',
    expected: {
      answer: ['clients.test. 300 NS ns1.clients.test.'],
      additional: ['ns1.clients.test. 300 A 192.0.2.53', 'ns1.clients.test. 300 AAAA 2001:db8::53'],
    },
  },
  { title: 'without EDNS', words: 'a.clients.test A +noedns', expected: { answer: A_BOTH } },
  { title: 'by TCP', words: 'a.clients.test A +tcp', expected: { answer: A_BOTH, transport: 'TCP' } },
  { title: 'NODATA', words: 'a.clients.test MX', expected: { authority: [SOA] } },
  { title: 'NODATA of an empty non-terminal', words: '_tcp.srv.clients.test A', expected: { authority: [SOA] } },
  { title: 'NXDOMAIN', words: 'nothing.clients.test A', expected: { status: 'NXDOMAIN', authority: [SOA] } },
  {
    title: 'REFUSED for a zone of others',
    words: 'example.net A',
    expected: { status: 'REFUSED', flags: 'qr', extendedError: '20 (Not Authoritative)' },
  },
  {
    title: 'a referral with glue',
    words: 'deep.child.clients.test A',
    expected: {
      flags: 'qr',
      authority: [
        'child.clients.test. 300 NS ns.child.clients.test.',
        'child.clients.test. 300 NS ns.elsewhere.example.',
      ],
      additional: ['ns.child.clients.test. 300 A 192.0.2.99', 'ns.child.clients.test. 300 AAAA 2001:db8::99'],
    },
  },
  {
    title: 'a CNAME chain',
    words: 'first.clients.test A',
    expected: {
      answer: [
        'first.clients.test. 300 CNAME second.clients.test.',
        'second.clients.test. 300 CNAME a.clients.test.',
        ...A_BOTH,
      ],
    },
  },
  {
    title: 'a CNAME that leads out of our zones',
    words: 'out.clients.test A',
    expected: { answer: ['out.clients.test. 300 CNAME www.example.net.'] },
  },
  {
    title: 'a CNAME chain to no data',
    words: 'first.clients.test AAAA',
    expected: {
      answer: ['first.clients.test. 300 CNAME second.clients.test.', 'second.clients.test. 300 CNAME a.clients.test.'],
      authority: [SOA],
    },
  },
  {
    title: 'a DNAME with the CNAME made of it',
    words: 'host.renamed.clients.test A',
    expected: {
      answer: [
        'renamed.clients.test. 300 DNAME target.clients.test.',
        'host.renamed.clients.test. 300 CNAME host.target.clients.test.',
        'host.target.clients.test. 300 A 192.0.2.77',
      ],
    },
  },
  {
    title: 'a DNAME to a name that does not exist',
    words: 'x.renamed.clients.test A',
    expected: {
      status: 'NXDOMAIN',
      answer: [
        'renamed.clients.test. 300 DNAME target.clients.test.',
        'x.renamed.clients.test. 300 CNAME x.target.clients.test.',
      ],
      authority: [SOA],
    },
  },
  {
    title: 'a DNAME that makes the name too long',
    words: `${'a'.repeat(60)}.${'b'.repeat(60)}.lengthened.clients.test A`,
    expected: { status: 'YXDOMAIN', answer: [`lengthened.clients.test. 300 DNAME ${TOO_LONG}`] },
  },
  {
    title: 'a wildcard',
    words: 'any.thing.wild.clients.test A',
    expected: { answer: ['any.thing.wild.clients.test. 300 A 192.0.2.9'] },
  },
  { title: 'no data at a wildcard', words: 'any.wild.clients.test TXT', expected: { authority: [SOA] } },
  {
    title: 'a CNAME at a wildcard',
    words: 'x.wild-alias.clients.test A',
    expected: { answer: ['x.wild-alias.clients.test. 300 CNAME a.clients.test.', ...A_BOTH] },
  },
  {
    title: 'an answer too long for UDP, asked again by TCP',
    words: 'long.clients.test TXT',
    retried: true,
    expected: { answer: LONG_TEXTS.map((text) => `long.clients.test. 300 TXT ${text}`), transport: 'TCP' },
  },
  {
    title: 'the same, told that it was truncated',
    words: 'long.clients.test TXT +ignore',
    expected: { flags: 'qr aa tc' },
  },
  {
    title: 'the nearest region of the client subnet',
    words: 'lb.clients.test A +subnet=203.0.113.1/32',
    expected: { answer: [LB_WEST], subnet: '203.0.113.1/32/25' },
  },
  {
    title: 'another client, another region',
    words: 'lb.clients.test A +subnet=203.0.113.128/25',
    expected: { answer: [LB_EAST], subnet: '203.0.113.128/25/25' },
  },
  {
    title: 'a client subnet of IPv6',
    words: 'lb.clients.test A +subnet=2001:db8:aaaa::/48',
    expected: { answer: [LB_WEST], subnet: '2001:db8:aaaa::/48/48' },
  },
  {
    title: 'a CNAME to a steered name',
    words: 'lb-alias.clients.test A +subnet=203.0.113.0/25',
    expected: {
      answer: ['lb-alias.clients.test. 300 CNAME lb.clients.test.', LB_WEST],
      subnet: '203.0.113.0/25/25',
    },
  },
  {
    title: 'a region without IPv6: no data, no longer than the TTL of the service',
    words: 'lb.clients.test AAAA +subnet=203.0.113.128/25',
    expected: { authority: [SOA.replace(' 60 ', ' 30 ')], subnet: '203.0.113.128/25/0' },
  },
  {
    title: 'a region with IPv6',
    words: 'lb.clients.test AAAA +subnet=203.0.113.0/25',
    expected: { answer: ['lb.clients.test. 30 AAAA 2001:db8:2::20'], subnet: '203.0.113.0/25/25' },
  },
  {
    title: 'no data for a type that no service has',
    words: 'lb.clients.test TXT +subnet=203.0.113.0/25',
    expected: { authority: [SOA.replace(' 60 ', ' 30 ')], subnet: '203.0.113.0/25/0' },
  },
]
