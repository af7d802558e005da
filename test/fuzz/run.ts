// Fuzzing at length, from the command line: node test/fuzz/run.ts --help
import { parseArgs } from 'node:util'
import { measureCoverage } from './coverage.ts'
import { fuzz, type FuzzReport } from './fuzz.ts'

const HELP = `node test/fuzz/run.ts [options]
  --packets N   packets to throw at respond()               (default 1000000)
  --zones N     master files to load                        (default 20000)
  --seed S      the same seed makes the same inputs         (default: a random one)
  --minutes M   end earlier: two thirds are for packets     (default: no limit)
  --save        keep what was interesting in test/fuzz/corpus
  --coverage    only say which lines of src/ the corpus does not reach
`
const GROWTH_BYTES = 1 << 21

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    zones: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    minutes: { type: 'string', default: 'Infinity' },
    save: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else if (values.coverage) process.stdout.write(await measureCoverage())
else process.exitCode = await run()

/** The exit code: 1 when anything was found. */
async function run(): Promise<number> {
  const totalMs = Number(values.minutes) * 60_000
  const options = {
    seed: Number(values.seed),
    packets: Number(values.packets),
    zones: Number(values.zones),
    packetsMs: (totalMs * 2) / 3,
    zonesMs: totalMs,
    allocation: true,
    growthBytes: GROWTH_BYTES,
    save: values.save,
  }
  process.stdout.write(`seed ${options.seed}\n`)
  const report = await fuzz(options, (text) => process.stdout.write(`${text}\n`))
  const findings = 'findings' in report ? report.findings : [report]
  if ('findings' in report) process.stdout.write(describe(report))
  for (const { complaint, input } of findings) process.stdout.write(`\n${complaint}\n  ${input}\n`)
  process.stdout.write(`\n${findings.length} findings\n`)
  return findings.length === 0 ? 0 : 1
}

function describe(report: FuzzReport): string {
  const { packets, packetsPerSecond, packetFeatures, newPacketFeatures, bytesAllocated } = report
  const { zones, zonesLoaded, zonesPerSecond, zoneFeatures, newZoneFeatures } = report
  return [
    `${packets} packets, ${packetsPerSecond}/s, ${packetFeatures} features (${newPacketFeatures} beyond the corpus), `,
    `${bytesAllocated.toFixed(2)} bytes allocated by a call\n`,
    `${zones} zones, ${zonesLoaded} of them without errors, ${zonesPerSecond}/s, `,
    `${zoneFeatures} features (${newZoneFeatures} beyond the corpus)\n`,
  ].join('')
}
