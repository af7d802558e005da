// Disagreements for people: the question as dig would ask it, and what each server said where they differ.
import { formatName } from '../../src/dns/name.ts'
import { formatRdata } from '../../src/dns/rdata/rdata.ts'
import { formatClass, formatRcode, formatType } from '../../src/dns/types.ts'
import type { Compared, Facet } from './comparison.ts'
import type { Probe } from './probe.ts'

const SHOWN_RECORDS = 4

export function formatProbe({ name, type, class: asked, flags, edns, stream, tags }: Probe): string {
  const words = [
    formatName(name),
    formatClass(asked),
    formatType(type),
    stream ? 'TCP' : 'UDP',
    `flags ${flags.toString(16)}`,
  ]
  if (edns) {
    const options = (edns.options ?? [])
      .map(({ code, data }) => ` ${code}=${Buffer.from(data).toString('hex')}`)
      .join('')
    words.push(`EDNS(v${edns.version ?? 0} ${edns.size} ${(edns.flags ?? 0).toString(16)}${options})`)
  }
  if (tags.length > 0) words.push(`[${tags.join(' ')}]`)
  return words.join(' ')
}

export function formatDisagreement({ probe, ours, theirs, disagreements }: Compared, facets = disagreements): string {
  const views = { ours, ...theirs }
  const lines = facets.flatMap((facet) => [
    `  ${facet}:`,
    ...Object.entries(views).map(([name, view]) => `    ${name.padEnd(5)} ${formatFacet(facet, view[facet])}`),
  ])
  return [formatProbe(probe), ...lines].join('\n')
}

function formatFacet(facet: Facet, text: string): string {
  if (facet === 'rcode') return /^\d+$/.test(text) ? formatRcode(Number(text)) : text
  if (facet === 'flags') return text === '' ? '-' : formatFlags(Number.parseInt(text, 16))
  if (!['answer', 'authority', 'additional'].includes(facet)) return text || '-'
  if (text === '') return '-'
  const lines = text.split('\n')
  const more = lines.length > SHOWN_RECORDS ? ` … ${lines.length} in all` : ''
  return lines.slice(0, SHOWN_RECORDS).map(formatRecord).join('; ') + more
}

function formatFlags(flags: number): string {
  const names = ['AD', 'Z', 'RA', 'RD', 'TC', 'AA']
  const bits = [0x20, 0x40, 0x80, 0x100, 0x200, 0x400]
  const set = names.filter((_, i) => (flags & bits[i]!) !== 0)
  if ((flags & 0x10) !== 0) set.push('CD')
  return [`opcode ${(flags >> 11) & 15}`, ...set].join(' ')
}

function formatRecord(line: string): string {
  const [owner, type, recordClass, ttl, rdata] = line.split(' ') as [string, string, string, string, string]
  const name = formatName(Buffer.from(owner, 'hex'))
  return `${name} ${ttl} ${formatClass(Number(recordClass))} ${formatType(Number(type))} ${rdataText(Number(type), rdata)}`
}

/** In generic form when the bytes are none of the type: that is what a disagreement may be about. */
function rdataText(type: number, rdata: string): string {
  try {
    return shorten(formatRdata(type, Buffer.from(rdata, 'hex')))
  } catch {
    return shorten(`\\# ${rdata.length / 2} ${rdata}`)
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
