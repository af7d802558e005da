// The exec probe: a program with its arguments, and its exit code. No shell, an environment of two variables, a process
// group of its own that is killed when the verdict is there, bounded output, and a bounded number of them at a time.
import { spawn, type ChildProcess } from 'node:child_process'
import { formatAddress } from '../../base/address.ts'
import type { ExecMonitor } from '../monitor.ts'
import {
  createProbe,
  failure,
  MAX_ANSWER_BYTES,
  none,
  quote,
  success,
  type Probe,
  type TargetOf,
  type Verdict,
} from './prober.ts'

/** Programs that run at a time, of all targets. */
const MOST_PROGRAMS = 32

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export function createExecProbe(): Probe<ExecMonitor> {
  const running = new Set<ChildProcess>()
  return createProbe((target, { done }) => {
    if (running.size >= MOST_PROGRAMS) {
      done(none(`our own trouble: ${MOST_PROGRAMS} programs run already`))
      return () => undefined
    }
    const program = start(target)
    running.add(program)
    let said = Buffer.alloc(0)
    const listen = (chunk: Buffer): void => {
      said = Buffer.concat([said, chunk])
      if (said.length > MAX_ANSWER_BYTES) done(failure(`more than ${MAX_ANSWER_BYTES / 1024} KiB of output`))
    }
    // Without descriptors there are no streams, and an error follows.
    program.stdout?.on('data', listen)
    program.stderr?.on('data', listen)
    program.on('error', (error: NodeJS.ErrnoException) => {
      running.delete(program)
      done(none(`our own trouble: ${error.code ?? error.message} of ${target.monitor.command[0]!}`))
    })
    // What it left running would hold its output open.
    program.on('exit', () => killGroup(program))
    program.on('close', (code, signal) => {
      running.delete(program)
      done(judge(code, signal, said))
    })
    return () => killGroup(program)
  }, 'the program runs yet')
}

function start({ address, monitor }: TargetOf<ExecMonitor>): ChildProcess {
  const text = formatAddress(address)
  const [program, ...words] = monitor.command.map((word) => word.replaceAll('{address}', text))
  return spawn(program!, words, {
    cwd: '/',
    detached: true,
    env: { PATH, MERIDIAN_ADDRESS: text },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Nobody is left in it, or it has become somebody whom we may not end.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code!)) throw error
  }
}

function judge(code: number | null, signal: string | null, said: Buffer): Verdict {
  if (code === 0) return success('exit 0')
  const words = said.length === 0 ? '' : `: ${quote(said)}`
  return failure(code === null ? `killed by ${signal ?? 'a signal'}` : `exit ${code}${words}`)
}
