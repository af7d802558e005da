// A program for tests: probes 127.0.0.1:PORT with every descriptor in use, and prints what each kind of probe saw.
import { openSync } from 'node:fs'
import { systemClock } from '../../../src/base/clock.ts'
import { createHttpProbe } from '../../../src/health/prober/http.ts'
import { createTcpProbe } from '../../../src/health/prober/tcp.ts'
import { targetOf } from '../support.ts'

const target = targetOf(1, { port: Number(process.argv[2]) })
const { signal } = new AbortController()
useAllDescriptors()
const seen = [
  await createHttpProbe()(target, signal, systemClock),
  await createTcpProbe()({ ...target, monitor: { ...target.monitor, type: 'tcp' } }, signal, systemClock),
]
process.stdout.write(JSON.stringify(seen.map(({ outcome, reason }) => ({ outcome, reason }))))

function useAllDescriptors(): void {
  try {
    while (openSync('/dev/null', 'r') > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
  }
}
