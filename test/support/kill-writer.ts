// A process that changes overrides as fast as the disk takes them, and says each that was acknowledged: for killing.
import { OverrideBook } from '../../src/director/overrides/override-book.ts'

const [folder = '', from = '0'] = process.argv.slice(2)
const book = new OverrideBook(folder)
const faults = await book.read()
if (faults.length > 0) throw new Error(JSON.stringify(faults))
for (let n = Number(from); ; n++) {
  const one = {
    ...{
      id: String(n),
      kind: 'drain' as const,
      target: { region: 'eu-west' },
      owner: 'oncall',
      reason: 'x'.repeat(400),
    },
    ...{ createdAt: 0, startsAt: 0, rampMs: 0 },
  }
  await book.change((all) => [...all, one].slice(-100))
  process.stdout.write(`${n}\n`)
}
