// unbound as the users' resolver: it tells the director the network of who asks (RFC 7871), and keeps an answer for each,
// no longer than its TTL.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ZONE, type Ports } from './plan.ts'

/** Writes the configuration of the one at that address into the folder; gives the file. */
export function prepareResolver(folder: string, address: string, ports: Ports): string {
  const file = join(folder, `unbound-${address}.conf`)
  writeFileSync(file, unboundConfig(folder, address, ports))
  return file
}

function unboundConfig(folder: string, address: string, { resolver, dns }: Ports): string {
  return `server:
  interface: ${address}
  access-control: 127.0.0.0/8 allow
  port: ${resolver}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
  client-subnet-always-forward: yes
  max-client-subnet-ipv4: 24
  do-not-query-localhost: no
  local-zone: "${ZONE}." nodefault
  root-hints: "/dev/null"
remote-control:
  control-enable: no
stub-zone:
  name: "${ZONE}"
  stub-addr: 127.0.0.1@${dns}
`
}
