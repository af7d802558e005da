// The tcp probe: the target accepts a connection; if the monitor says so, it is sent a text, and must say one.
import { connect, type Socket } from 'node:net'
import { formatAddress } from '../../base/address.ts'
import type { TcpMonitor } from '../monitor.ts'
import {
  createProbe,
  failure,
  MAX_ANSWER_BYTES,
  patienceLost,
  quote,
  success,
  type Probe,
  type Telling,
} from './prober.ts'
import { judgeError } from './trouble.ts'

export function createTcpProbe(): Probe<TcpMonitor> {
  return createProbe(({ address, monitor }, telling) => {
    const { port, send, expect } = monitor
    const socket = connect({ host: formatAddress(address), port })
    socket.on('connect', () => {
      if (send !== undefined) socket.write(send)
      if (expect === undefined) telling.done(success('connected'))
      else awaitText(socket, expect, telling)
    })
    socket.on('error', (error) => telling.done(judgeError(error)))
    return () => socket.destroy()
  })
}

function awaitText(socket: Socket, expected: string, { done, reach }: Telling): void {
  let said = Buffer.alloc(0)
  reach('connected, silent')
  socket.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk])
    if (said.includes(expected)) done(success('answered as expected'))
    else if (said.length > MAX_ANSWER_BYTES) done(failure(`${MAX_ANSWER_BYTES / 1024} KiB without the expected text`))
    else reach(`not the expected text: ${quote(said)}`)
  })
  socket.on('end', () => {
    done(said.length === 0 ? patienceLost('closed before answering') : failure(`not the expected text: ${quote(said)}`))
  })
}
