// A program for tests: probes 127.0.0.1:PORT with every descriptor in use, and prints what each kind of probe saw.
import { openSync } from 'node:fs'
import { systemClock } from '../../../src/base/clock.ts'
import { createProbers } from '../../../src/health/prober/probers.ts'
import { targetOf } from '../support.ts'
import { monitorsOfAllTypes } from './monitors.ts'

const port = Number(process.argv[2])
const { id, address } = targetOf(1)
const { signal } = new AbortController()
const probe = createProbers()
useAllDescriptors()
const seen = []
for (const monitor of monitorsOfAllTypes) {
  const aimed = monitor.type === 'exec' ? monitor : { ...monitor, port }
  const { outcome, reason } = await probe({ id, address, monitor: aimed }, signal, systemClock)
  seen.push({ type: monitor.type, outcome, reason })
}
process.stdout.write(JSON.stringify(seen))

function useAllDescriptors(): void {
  try {
    while (openSync('/dev/null', 'r') > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
  }
}
