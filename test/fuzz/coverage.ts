// Which lines of the code under test the corpus reaches, by V8's block coverage: it tells whether the features of
// features.ts are a good guide. Modules are imported after coverage began, for what is compiled before is not counted.
import { readFileSync } from 'node:fs'
import { Session, type Profiler } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const WATCHED = /\/src\/(query|dns|zone|snapshot)\//
const ROOT = new URL('../../', import.meta.url)

/** A text: for each file the share of its lines that ran, and those that did not. */
export async function measureCoverage(): Promise<string> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
  await replayCorpus()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  session.disconnect()
  const scripts = result.filter(({ url }) => WATCHED.test(url)).toSorted((a, b) => (a.url < b.url ? -1 : 1))
  return scripts.map(describeScript).join('')
}

async function replayCorpus(): Promise<void> {
  const { replayPackets } = await import('./packet-campaign.ts')
  const { PacketTarget } = await import('./packet-target.ts')
  const { replayZones } = await import('./zone-campaign.ts')
  const { ZoneTarget } = await import('./zone-target.ts')
  const { createFeatures } = await import('./features.ts')
  const { buildScenes } = await import('./scenes.ts')
  const { readCorpus } = await import('./corpus.ts')
  const { packets, zones } = readCorpus()
  replayPackets(new PacketTarget(buildScenes()), createFeatures(), packets, () => undefined)
  replayZones(new ZoneTarget(), createFeatures(), zones, () => undefined)
}

function describeScript({ url, functions }: Profiler.ScriptCoverage): string {
  const text = readFileSync(fileURLToPath(url), 'utf8')
  const missed = missedLines(text, functions)
  const lines = text.split('\n')
  const share = 100 - (100 * missed.length) / lines.length
  const head = `${relative(fileURLToPath(ROOT), fileURLToPath(url))} ${share.toFixed(0)} %\n`
  return head + missed.map((line) => `  ${line + 1}: ${lines[line]!.trim()}\n`).join('')
}

/** Lines, from 0, of which something did not run. Ranges nest: the innermost that holds a character counts. */
function missedLines(text: string, functions: readonly Profiler.FunctionCoverage[]): number[] {
  const ran = new Uint8Array(text.length).fill(1)
  const ranges = functions.flatMap(({ ranges }) => ranges)
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  const missed: number[] = []
  let at = 0
  text.split('\n').forEach((line, i) => {
    const code = line.trim()
    const from = at + line.indexOf(code)
    if (code.length > 1 && ran.subarray(from, from + code.length).includes(0)) missed.push(i)
    at += line.length + 1
  })
  return missed
}
