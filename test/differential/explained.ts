// Where ours stands against most of the references and the RFCs let it, or tell it to. Every entry names the RFC, is asked
// by an example in every run, and must still explain something: an entry that explains nothing fails the test.
import type { Compared, Facet, View } from './comparison.ts'
import type { ReferenceName } from './references.ts'

export interface Explanation {
  readonly id: string
  /** What it explains, and no more. */
  readonly facets: readonly Facet[]
  readonly when: (compared: Compared) => boolean
  readonly rfc: string
  readonly reason: string
  /** A question that needs it; where there is none, protocol-questions.ts asks some. */
  readonly example?: ExampleQuestion
}

export interface ExampleQuestion {
  readonly name: string
  readonly type: string
  /** UDP payload size; without it no EDNS. */
  readonly size?: number
}

const SECTIONS: readonly Facet[] = ['answer', 'authority', 'additional']
const RESULT: readonly Facet[] = ['rcode', 'flags', ...SECTIONS]

export const EXPLANATIONS: readonly Explanation[] = [
  {
    id: 'chain-across-zones',
    facets: ['rcode', ...SECTIONS],
    when: (c) => isAs('nsd', c) && isChain(c.theirs.knot) && isChain(c.theirs.bind) && !hasSoa(c.theirs.bind),
    rfc: 'RFC 1034 section 4.3.2, step 3a',
    reason:
      'A chain goes on in whatever zone of ours its target stands, as in NSD. Knot and BIND stop at the border of the first zone.',
    example: { name: 'to-zone-gone.alias.test', type: 'A' },
  },
  {
    id: 'chain-to-the-parent',
    facets: SECTIONS,
    when: (c) => c.probe.type === TYPE_DS && isAs('nsd', c) && isChain(c.theirs.knot) && isChain(c.theirs.bind),
    rfc: 'RFC 4035 section 3.1.4.1',
    reason:
      'An alias to the top of a zone is followed for DS into its parent, as in NSD. Knot and BIND stay in the child.',
    example: { name: 'to-top.child.parent.test', type: 'DS' },
  },
  {
    id: 'endless-chain',
    facets: ['rcode', 'flags', 'answer'],
    when: ({ probe }) => hasSuffix(probe.name, 'deeper.dname.test'),
    rfc: 'RFC 6672 section 2.2',
    reason: 'A DNAME that leads below itself never ends. Everybody gives up somewhere else, and BIND with SERVFAIL.',
    example: { name: 'x.deeper.dname.test', type: 'A' },
  },
  {
    id: 'glue-that-must-fit',
    facets: ['flags', 'authority'],
    when: (c) => isAs('knot', c) && isTruncated(c.ours) && isReferral(c.theirs.nsd) && isReferral(c.theirs.bind),
    rfc: 'RFC 9471 section 3.1',
    reason:
      'In-domain glue that does not fit truncates the referral, as in Knot. NSD 4.6 and BIND 9.18 are older than the RFC.',
    example: { name: 'www.g40.big.test', type: 'A', size: 1232 },
  },
  {
    id: 'glue-that-may-fit',
    facets: ['additional'],
    when: ({ probe, ours, theirs }) => !probe.stream && isReferral(ours) && isPartOf(ours, Object.values(theirs)),
    rfc: 'RFC 9471 section 3.2',
    reason: 'Sibling glue comes as room allows, so each server gives another part of it.',
    example: { name: 'www.s20.big.test', type: 'A', size: 1232 },
  },
  {
    id: 'no-glue-from-wildcards',
    facets: ['additional'],
    when: (c) => isAs('bind', c) && typesOf(c.ours.authority).includes(TYPE_NS),
    rfc: 'RFC 1034 section 4.3.3',
    reason:
      'Delegation cancels wildcards, so none makes glue, as in BIND; those with authority can be asked. NSD and Knot expand them.',
    example: { name: 'www.via-wild.cuts.test', type: 'A' },
  },
  {
    id: 'signature-types-at-an-alias',
    facets: ['rcode', ...SECTIONS],
    when: (c) => isAs('nsd', c) && SIGNATURE_TYPES.includes(c.probe.type),
    rfc: 'RFC 1034 section 3.6.2',
    reason:
      'A CNAME is followed for every type but CNAME, as in NSD. Knot and BIND except types that signed zones have beside it.',
    example: { name: 'c1.alias.test', type: 'RRSIG' },
  },
  {
    id: 'names-that-fill-a-message',
    facets: RESULT,
    when: ({ probe, ours, theirs }) =>
      LONG_NAMES.some((name) => hasSuffix(probe.name, name)) && [ours, ...Object.values(theirs)].some(isTruncated),
    rfc: 'RFC 1035 section 4.1.4',
    reason:
      'Compression is free to find more or less: where names fill a message to the byte, some truncate and some do not.',
    example: { name: 'y.zz.to.long.test', type: 'A' },
  },
  {
    id: 'one-rrset-for-any',
    facets: ['answer'],
    when: ({ probe, ours, theirs }) => probe.type === TYPE_ANY && isWholeRrset(ours, [theirs.nsd, theirs.knot]),
    rfc: 'RFC 8482 section 4.1',
    reason: 'ANY gets one RRset of the name, over TCP too; which one is for the server to choose.',
    example: { name: 'all.big.test', type: 'ANY' },
  },
  {
    id: 'any-below-a-dname',
    facets: ['rcode', ...SECTIONS],
    when: (c) => c.probe.type === TYPE_ANY && isAs('bind', c) && isChain(c.ours),
    rfc: 'RFC 8482 section 4.1',
    reason: 'Below a DNAME the one RRset is the CNAME made from it, as in BIND. NSD and Knot go on to its target.',
    example: { name: 'zz.old.dname.test', type: 'ANY' },
  },
  {
    id: 'chaos-with-authority',
    facets: ['rcode', 'flags', 'answer'],
    when: ({ probe, ours }) => probe.class === 3 && ours.rcode === '0',
    rfc: 'RFC 4892 section 2',
    reason:
      'The names that tell who we are exist, with TXT alone and with authority, as in BIND (which lacks version.server).',
  },
  {
    id: 'any-class',
    facets: RESULT,
    when: ({ probe, ours }) => probe.class === 255 && ours.rcode === '5',
    rfc: 'RFC 1035 section 3.2.5',
    reason: 'We have one class and refuse others, "any" too. NSD and Knot answer as for IN, BIND says FORMERR.',
  },
  {
    id: 'types-of-messages',
    facets: RESULT,
    when: ({ probe, ours }) => META_TYPES.includes(probe.type) && ours.rcode === '5',
    rfc: 'RFC 6895 section 3.1',
    reason:
      'OPT, TKEY, TSIG, MAILA and MAILB are no data, so nothing is said of them. NSD and Knot say NODATA, BIND FORMERR or NOTIMP.',
  },
  {
    id: 'transfers-by-datagram',
    facets: ['rcode'],
    when: ({ probe, ours }) => probe.type === TYPE_AXFR && !probe.stream && ['5', '9'].includes(ours.rcode),
    rfc: 'RFC 5936 section 4.2',
    reason: 'AXFR over UDP is not defined: refused as over TCP. NSD and Knot say NOTIMP, BIND what it says over TCP.',
  },
  {
    id: 'notify-and-update',
    facets: ['rcode'],
    when: ({ probe, ours }) => [4, 5].includes(opcodeOf(probe.flags)) && ours.rcode === '5',
    rfc: 'RFC 2136 section 3.3, RFC 1035 section 4.1.1',
    reason: 'We take neither from anybody: REFUSED. The references say NOTAUTH, NOTIMP, REFUSED or NXDOMAIN.',
  },
  {
    id: 'question-kept',
    facets: ['question'],
    when: (c) => isAs('knot', c) && opcodeOf(c.probe.flags) !== 0 && c.ours.question === 'as asked',
    rfc: 'RFC 5452 section 9.1',
    reason:
      'A question that can be read is repeated whatever the opcode, as in Knot: askers must match it with what they asked.',
  },
  {
    id: 'opt-in-errors',
    facets: ['edns'],
    when: ({ ours }) => ours.rcode === '1' && ours.edns.startsWith('version 0'),
    rfc: 'RFC 6891 section 6.1.1, RFC 6891 section 7',
    reason: 'A message with an OPT is answered with one, when its options are broken too. The references leave it out.',
  },
  {
    id: 'errors-are-told',
    facets: [...RESULT, 'question', 'edns'],
    when: ({ probe, ours, theirs }) => probe.tags.includes('damaged') && ours.rcode === '1' && someAreSilent(theirs),
    rfc: 'RFC 1035 section 4.1.1',
    reason:
      'What has a header but cannot be read gets FORMERR, as in BIND. Knot is silent, and NSD closes the connection.',
  },
  {
    id: 'records-in-a-question',
    facets: RESULT,
    when: (c) => isTagged(c, 'answer-present', 'authority-present') && c.ours.rcode === '1',
    rfc: 'RFC 1035 section 4.1',
    reason:
      'A query with records in its answer or authority section is none: FORMERR, as in NSD. Knot and BIND ignore them.',
  },
  {
    id: 'bytes-behind-a-message',
    facets: RESULT,
    when: (c) => isTagged(c, 'trailing-bytes') && isAs('knot', c),
    rfc: 'RFC 1035 section 4.1',
    reason: 'Bytes behind the last record belong to no message: FORMERR, as in Knot. NSD and BIND ignore them.',
  },
  {
    id: 'malformed-client-subnet',
    facets: RESULT,
    when: (c) =>
      isTagged(c, 'ecs-malformed', 'ecs-scoped', 'ecs-family-0') && c.ours.rcode === '1' && someSayFormerr(c),
    rfc: 'RFC 7871 section 6, RFC 7871 section 7.2.1',
    reason:
      'Too many bytes, bits beyond the prefix, a scope in a query or an unknown family: FORMERR. NSD does not read the option; Knot and BIND forgive some.',
  },
  {
    id: 'keepalive-timeout',
    facets: ['edns'],
    when: ({ probe, ours, theirs }) => probe.stream && ours.edns.replace(/, 11=[0-9a-f]{4}$/, '') === theirs.nsd.edns,
    rfc: 'RFC 7828 section 3.3.2',
    reason:
      'Over TCP an asker is told how long its connection may idle, as in BIND, which allows longer. NSD and Knot do not.',
  },
]

const TYPE_NS = 2
const TYPE_CNAME = 5
const TYPE_SOA = 6
const TYPE_DNAME = 39
const TYPE_DS = 43
const TYPE_AXFR = 252
const TYPE_ANY = 255
const SIGNATURE_TYPES = [46, 47]
const LONG_NAMES = ['long.test', 'long.dname.test']
const META_TYPES = [41, 249, 250, 253, 254]
const FLAG_TC = 0x0200

/** Ids of the entries that cover every facet that disagrees; undefined when one is not covered. */
export function explain(compared: Compared): readonly string[] | undefined {
  const used = EXPLANATIONS.filter(
    ({ facets, when }) => facets.some((facet) => compared.disagreements.includes(facet)) && when(compared),
  )
  const covered = new Set(used.flatMap(({ facets }) => facets))
  return compared.disagreements.every((facet) => covered.has(facet)) ? used.map(({ id }) => id) : undefined
}

/** Where ours disagrees with most, it is as this one. */
function isAs(name: ReferenceName, { ours, theirs, disagreements }: Compared): boolean {
  return disagreements.every((facet) => ours[facet] === theirs[name][facet])
}

function isTagged({ probe }: Compared, ...tags: readonly string[]): boolean {
  return tags.some((tag) => probe.tags.includes(tag))
}

function someAreSilent(theirs: Compared['theirs']): boolean {
  return Object.values(theirs).some(({ rcode }) => rcode === 'silence')
}

function someSayFormerr({ theirs }: Compared): boolean {
  return Object.values(theirs).some(({ rcode }) => rcode === '1')
}

function isTruncated({ flags }: View): boolean {
  return (Number.parseInt(flags, 16) & FLAG_TC) !== 0
}

function isReferral(view: View): boolean {
  return view.answer === '' && typesOf(view.authority).includes(TYPE_NS) && !hasSoa(view)
}

/** Aliases and nothing that they lead to. */
function isChain({ answer }: View): boolean {
  const types = typesOf(answer)
  return types.length > 0 && types.every((type) => type === TYPE_CNAME || type === TYPE_DNAME)
}

function hasSoa({ authority }: View): boolean {
  return typesOf(authority).includes(TYPE_SOA)
}

/** The records of one type, all that the references have of it. */
function isWholeRrset(ours: View, theirs: readonly View[]): boolean {
  const [type, ...others] = new Set(typesOf(ours.answer))
  const known = new Set(theirs.flatMap(({ answer }) => answer.split('\n')))
  const whole = [...known].filter((line) => typesOf(line)[0] === type).sort()
  return others.length === 0 && ours.answer === whole.join('\n')
}

function isPartOf({ additional }: View, theirs: readonly View[]): boolean {
  const known = new Set(theirs.flatMap((view) => view.additional.split('\n')))
  return additional !== '' && additional.split('\n').every((record) => known.has(record))
}

function typesOf(section: string): number[] {
  return section === '' ? [] : section.split('\n').map((line) => Number(line.split(' ')[1]))
}

function opcodeOf(flags: number): number {
  return (flags >> 11) & 0x0f
}

function hasSuffix(name: Uint8Array, suffix: string): boolean {
  const wire = suffix.split('.').map((label) => String.fromCharCode(label.length) + label)
  return Buffer.from(name)
    .toString('latin1')
    .toLowerCase()
    .endsWith(`${wire.join('')}\0`)
}
