// Sampled queries as text for people: one line each, the newest last, as in a log.
import type { QueryList, QueryStatus } from '../admin/queries.ts'
import { printable, type Paint } from './paint.ts'
import { formatTable, formatTime } from './table.ts'

export function formatQueries({ sample, queries }: QueryList, paint: Paint): string {
  const head = sample === 0 ? 'no query is sampled: queryLog.sample is 0' : `one query in ${sample} is sampled`
  const rows = queries.toReversed().map((query) => queryRow(query, paint))
  const asked = queries.find(({ service }) => service !== undefined)
  const why = asked === undefined ? [] : ['', `why the last of a service: ${explainCommand(asked)}`]
  return `${[paint('dim', head), ...formatTable(rows), ...why].join('\n')}\n`
}

function queryRow(query: QueryStatus, paint: Paint): string[] {
  const { at, name, type, rcode, client, subnet, service, region, transport, truncated } = query
  const question = name === undefined ? 'unreadable' : `${printable(name)} ${printable(type ?? '')}`
  const by = service === undefined ? '' : `${printable(service)} → ${printable(region ?? 'NODATA')}`
  const notes = [...(transport === 'tcp' ? ['TCP'] : []), ...(truncated ? ['truncated'] : [])].join(', ')
  return [
    paint('dim', timeOf(at)),
    subnet === undefined ? client : `${client} for ${subnet.prefix} (scope /${subnet.scope})`,
    question,
    rcode === 'NOERROR' ? rcode : paint('yellow', rcode),
    by,
    paint('dim', notes),
  ]
}

/** In the zone of whoever reads it, and so that `--at` takes it. */
function timeOf(text: string): string {
  const at = new Date(text)
  return `${formatTime(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** A subnet of no length gives no address: then the sender steers. */
function explainCommand({ name, type, client, subnet, at }: QueryStatus): string {
  const [address = client, length] = subnet?.prefix.split('/') ?? []
  const steering = length === '0' ? client : address
  return `explain ${printable(name!)} --type ${type} --client ${steering} --at ${at}`
}
