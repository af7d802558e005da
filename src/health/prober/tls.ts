// The tls probe: the target completes a handshake and has a certificate that holds. Nothing is sent or read beyond.
import { connect } from 'node:tls'
import { formatAddress } from '../../base/address.ts'
import type { TlsMonitor } from '../monitor.ts'
import { createProbe, success, type Probe } from './prober.ts'
import { judgeCertificate, judgeTlsError, type TlsSettings } from './tls-rules.ts'

export function createTlsProbe(settings: TlsSettings): Probe<TlsMonitor> {
  return createProbe(({ address, monitor }, { done, reach, wall }) => {
    const options = settings(monitor.tls, wall())
    const socket = connect({ ...options, host: formatAddress(address), port: monitor.port })
    socket.on('connect', () => reach('connected, no TLS'))
    socket.on('secureConnect', () => {
      done(judgeCertificate(socket, monitor.tls, wall()) ?? success(socket.getProtocol() ?? 'TLS'))
    })
    socket.on('error', (error) => done(judgeTlsError(error)))
    return () => socket.destroy()
  })
}
