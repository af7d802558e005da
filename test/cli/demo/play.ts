// The demo with a director that only pretends, as a program of its own: `node play.ts SITES-AS-JSON [taken]`.
import type { DemoDirector } from '../../../src/cli/demo/show.ts'
import { runDemo } from '../../../src/cli/demo/demo.ts'
import type { Site } from '../../../src/cli/demo/region-process.ts'
import { SAMPLE_STATUS } from '../../admin/sample-status.ts'

const [sites = '[]', mode] = process.argv.slice(2)

const director: DemoDirector = {
  status: () => ({ ...SAMPLE_STATUS, at: new Date().toISOString() }),
  onEvent: (listener) => void setTimeout(() => listener({ at: SAMPLE_STATUS.at, text: 'eu-west is up: 200' }), 100),
  stop: () => Promise.resolve(),
}

process.exitCode = await runDemo({
  startDirector: (_configFile, state) =>
    Promise.resolve(mode === 'taken' ? { fault: `127.0.0.1:5300 is taken, state would be ${state}` } : director),
  plain: mode !== 'live',
  input: process.stdin,
  output: process.stdout,
  complain: (text) => process.stderr.write(text),
  sites: JSON.parse(sites) as Site[],
  restartAfterMs: 300,
})
process.stdin.pause()
