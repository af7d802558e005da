// What the health tests share: targets on loopback, and a farm of real HTTP servers in a process of its own, so that a
// blocked loop of the tests or of the director does not block the servers.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseAddress } from '../../src/base/address.ts'
import type { ProbeTarget } from '../../src/health/health.ts'
import type { HttpMonitor } from '../../src/health/monitor.ts'
import type { FarmMode, FarmReply } from './farm.ts'

export type HttpTarget = ProbeTarget & { readonly monitor: HttpMonitor }

/** 127.1.0.N, probed by http every 200 ms with a timeout of 150 ms and thresholds 2 and 3, unless told otherwise. */
export function targetOf(n: number, monitor: Partial<HttpMonitor> = {}): HttpTarget {
  const text = `127.1.0.${n}`
  return {
    id: `region-${n}/${text}`,
    address: parseAddress(text)!,
    monitor: {
      name: 'l7',
      type: 'http',
      port: 80,
      method: 'GET',
      path: '/health',
      headers: {},
      redirects: 0,
      expectedHeaders: {},
      expectedJson: {},
      keepAlive: false,
      expectedStatus: [[200, 299]],
      intervalMs: 200,
      timeoutMs: 150,
      fastIntervalMs: 200,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
      ...monitor,
    },
  }
}

export class Farm {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (reply: FarmReply) => void>()
  #sequence = 0

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'farm.ts'), { execPath: process.execPath, execArgv: [] })
    this.#child.on('message', (reply: FarmReply) => {
      this.#waiting.get(reply.sequence)?.(reply)
      this.#waiting.delete(reply.sequence)
    })
  }

  /** Makes a server behave so; the answer tells its port and since when (wall-clock ms). */
  set(host: string, port: number, mode: FarmMode): Promise<FarmReply> {
    const sequence = this.#sequence++
    const reply = new Promise<FarmReply>((resolve) => this.#waiting.set(sequence, resolve))
    this.#child.send({ sequence, host, port, mode })
    return reply
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
