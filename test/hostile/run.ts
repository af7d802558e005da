// npm run test:hostile: an honest client beside each kind of hostile load, in a table: what it asked, what was lost, and how
// long answers took. `-- --seconds=N` for each kind (12 by default), `--rate=N` datagrams and `--connections=N` new
// connections a second, `--kind=NAME` for one alone. The exit code is 1 when an honest question was lost; it may be when the
// director had no processor for so long that its socket was full, which is told.
import { cpus } from 'node:os'
import { startDirector } from '../support/director-process.ts'
import { createRing, figuresOf, runBout, type Bout, type Figures } from './bout.ts'
import { WAYS } from './good-client.ts'
import { KINDS, type Kind } from './kinds.ts'

const seconds = option('seconds', 12)
const datagrams = option('rate', 20_000)
const connections = option('connections', 1000)
const only = /--kind=(.+)/.exec(process.argv.slice(2).join('\n'))?.[1]

function option(name: string, byDefault: number): number {
  return Number(new RegExp(`--${name}=(\\d+)`).exec(process.argv.join(' '))?.[1] ?? byDefault)
}

function rateOf({ load }: Kind): number {
  return 'datagrams' in load ? datagrams : connections
}

function describeLoad({ done, ms }: Bout, kind: Kind | undefined): string {
  if (!kind) return 'nobody attacks'
  const rate = Math.round((done.datagrams + done.connections) / (ms / 1000))
  return `${kind.what}, ${rate} ${'datagrams' in kind.load ? 'datagrams' : 'connections'}/s`
}

function print(cells: readonly string[]): void {
  console.log(
    [cells[0]!.padEnd(11), cells[1]!.padEnd(10), ...cells.slice(2, 7).map((cell) => cell.padStart(8)), cells[7]].join(
      ' ',
    ),
  )
}

function printWay(name: string, way: string, { asked, lost, p50, p99, most }: Figures, load: string): void {
  const times = [p50, p99, most].map((ms) => ms.toFixed(1))
  print([name, way, String(asked), String(lost), ...times, `  ${load}`])
}

async function bout(kind: Kind | undefined): Promise<number> {
  const site = await createRing({})
  const director = await startDirector(site)
  try {
    const result = await runBout(site, kind, kind ? rateOf(kind) : 0, seconds * 1000)
    const figures = WAYS.map((way) => figuresOf(result.delays[way]))
    const load = describeLoad(result, kind)
    WAYS.forEach((way, i) => printWay(i === 0 ? (kind?.name ?? '-') : '', way, figures[i]!, i === 0 ? load : ''))
    if (result.receiveDrops > 0) console.log(`  ${result.receiveDrops} datagrams found the socket full`)
    if (kind && result.counted === 0) console.log(`  not counted: ${kind.counted}`)
    return figures.reduce((sum, { lost }) => sum + lost, 0)
  } finally {
    await director.stop()
    site.remove()
  }
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}\n`)
print(['load', 'asked by', 'asked', 'lost', 'p50 ms', 'p99 ms', 'max ms', '  what'])
let lost = 0
for (const kind of [undefined, ...KINDS]) if (only === undefined || kind?.name === only) lost += await bout(kind)
process.exitCode = lost > 0 ? 1 : 0
