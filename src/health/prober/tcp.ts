// The tcp probe: the target accepts a connection. Nothing is sent or read.
import { connect } from 'node:net'
import { formatAddress } from '../../base/address.ts'
import type { TcpMonitor } from '../health.ts'
import { createProbe, judgeError, success, type Probe } from './prober.ts'

export function createTcpProbe(): Probe<TcpMonitor> {
  return createProbe((target, done) => {
    const socket = connect({ host: formatAddress(target.address), port: target.monitor.port })
    socket.on('connect', () => done(success('connected')))
    socket.on('error', (error) => done(judgeError(error)))
    return () => socket.destroy()
  })
}
