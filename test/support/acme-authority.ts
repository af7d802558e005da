// A certificate authority for tests: Pebble, which asks a name server of ours for challenges.
import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { portFreeOn } from './loopback-port.ts'
import { until } from './monotonic.ts'

export interface Authority {
  readonly url: string
  /** Of its own HTTPS. */
  readonly certificate: string
  readonly stop: () => Promise<void>
}

/** `dns`: who is asked for challenges, as `127.0.0.1:5300`. Its files go into `folder`. */
export async function startAuthority(folder: string, dns: string): Promise<Authority> {
  const [certificate, privateKey] = [join(folder, 'pebble.pem'), join(folder, 'pebble.key')]
  const subject = ['-subj', '/CN=pebble', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-keyout', privateKey, '-out', certificate], {
    stdio: 'pipe',
  })
  const [port, management] = [await portFreeOn('127.0.0.1'), await portFreeOn('127.0.0.1')]
  const config = {
    pebble: {
      ...{ listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${management}` },
      ...{ certificate, privateKey, httpPort: 5002, tlsPort: 5001, ocspResponderURL: '' },
    },
  }
  writeFileSync(join(folder, 'pebble.json'), JSON.stringify(config))
  const env = { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' }
  const words = ['-config', join(folder, 'pebble.json'), '-dnsserver', dns, '-strict']
  const child = spawn('pebble', words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
  const exited = new Promise<void>((resolve) => child.on('close', () => resolve()))
  await until('pebble', () => said.includes('ACME directory available'), 10_000)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
  }
  return { url: `https://127.0.0.1:${port}/dir`, certificate, stop }
}
