// The demo as lines of a log: what is running, what to try, then one line an event. For pipes, files and --plain.
import type { EventStatus } from '../../admin/status.ts'
import { printable } from '../paint.ts'
import { formatEndpoint } from '../status.ts'
import { formatTime } from '../table.ts'
import type { Show } from './show.ts'
import { tryLines } from './view.ts'

/** Prints until the function that it gives is called. */
export function showLines({ director, regions, onRegionEvent, output }: Show): () => void {
  let open = true
  const write = (line: string): void => {
    if (open) output.write(`${line}\n`)
  }
  const tell = ({ at, text }: EventStatus): void => write(`${formatTime(new Date(at))} ${printable(text)}`)
  const status = director.status()
  const processes = regions.map((region) => region.view())
  write(`Meridian ${status.version} demo: DNS on ${status.listen.map(formatEndpoint).join(', ')} (UDP and TCP)`)
  for (const { name, address, port, pid } of processes)
    write(`${name} runs at http://${address}:${port}/ as process ${pid ?? 0}`)
  write('try in another terminal:')
  for (const line of tryLines({ status, processes })) write(`  ${line}`)
  write('a region that is killed starts again after a while; Ctrl-C ends the demo')
  director.onEvent(tell)
  onRegionEvent(tell)
  return () => {
    write('the demo ends; its regions are stopped')
    open = false
  }
}
