// Who directs in the lab: Meridian, or gdnsd on the same regions, checks and TTL. Each writes its files into a folder and
// says how it is started, and what it says once it serves.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECK, REGIONS, REPORT_INTERVAL_MS, TTL_SECONDS, ZONE, type LabRegion, type Ports } from './plan.ts'
import type { Population } from './population.ts'

export type DirectorName = 'meridian' | 'gdnsd'

export interface Director {
  readonly program: string
  readonly words: readonly string[]
}

export function prepareDirector(name: DirectorName, folder: string, ports: Ports, users: Population): Director {
  mkdirSync(join(folder, 'zones'), { recursive: true })
  return name === 'meridian' ? prepareMeridian(folder, ports, users) : prepareGdnsd(folder, ports, users)
}

/** The program of a director, and of its operator. */
export const MAIN = join(import.meta.dirname, '../../../src/main.ts')

function prepareMeridian(folder: string, ports: Ports, users: Population): Director {
  const places = users.map(({ home: { latitude, longitude, country }, network }) =>
    [network, `${latitude},${longitude}`, country].join(' '),
  )
  const names = REGIONS.map(({ name }) => name)
  const ttl = `${TTL_SECONDS}s`
  writeFileSync(join(folder, 'networks'), `${places.join('\n')}\n`)
  writeFileSync(join(folder, `zones/${ZONE}.zone`), zoneText('www IN LB web\nsplit IN LB split'))
  const config = {
    listen: [`127.0.0.1:${ports.dns}`],
    ...{ zones: 'zones', state: 'state', workers: 1 },
    geo: { source: 'table', file: 'networks' },
    admin: { listen: `127.0.0.1:${ports.admin}` },
    agent: { listen: `127.0.0.1:${ports.agent}` },
    monitors: {
      door: {
        ...{ type: 'http', port: ports.http, path: '/health' },
        ...{ interval: `${CHECK.intervalMs}ms`, timeout: `${CHECK.timeoutMs}ms` },
        ...{ healthyThreshold: CHECK.healthy, unhealthyThreshold: CHECK.unhealthy },
      },
    },
    regions: Object.fromEntries(REGIONS.map((region) => [region.name, regionConfig(region, ports)])),
    services: {
      web: { regions: names, steer: ['nearest'], ttl },
      split: { regions: names, steer: ['weighted'], ttl },
    },
  }
  const file = join(folder, 'meridian.yaml')
  writeFileSync(file, JSON.stringify(config, null, 2))
  return { program: process.execPath, words: [MAIN, 'serve', '--config', file] }
}

function regionConfig(region: LabRegion, { metrics }: Ports): object {
  const { address, latitude, longitude, country, weight } = region
  return {
    location: { latitude, longitude, country },
    weight,
    monitor: 'door',
    balancers: [address],
    report: {
      ...{ type: 'haproxy', url: `http://${address}:${metrics}/;csv`, proxies: ['door', 'web'] },
      interval: `${REPORT_INTERVAL_MS}ms`,
    },
  }
}

function prepareGdnsd(folder: string, ports: Ports, users: Population): Director {
  const names = REGIONS.map(({ name }) => name).join(', ')
  const nets = users.map(({ home: { order }, network }) => `${network} => [ ${order.join(', ')} ]`)
  const addresses = REGIONS.map(({ name, address }) => `${name} => ${address}`)
  const check = `port => ${ports.http}, url_path => /health, interval => ${CHECK.intervalMs / 1000}, timeout => ${CHECK.timeoutMs / 1000}`
  const config = `
options => { listen => [ "127.0.0.1:${ports.dns}" ], udp_threads => 1, tcp_threads => 1, run_dir => ${folder}/run, state_dir => ${folder}/state }
service_types => { door => { plugin => http_status, ${check}, up_thresh => ${CHECK.healthy}, ok_thresh => ${CHECK.healthy}, down_thresh => ${CHECK.unhealthy} } }
plugins => { geoip => {
  maps => { users => { datacenters => [ ${names} ], nets => { ${nets.join(', ')} } } }
  resources => { web => { map => users, service_types => door, dcmap => { ${addresses.join(', ')} } } }
} }
`
  mkdirSync(join(folder, 'run'), { recursive: true })
  mkdirSync(join(folder, 'state'), { recursive: true })
  writeFileSync(join(folder, 'config'), config)
  writeFileSync(join(folder, 'zones', ZONE), zoneText(`www ${TTL_SECONDS} DYNA geoip!web`))
  return { program: 'gdnsd', words: ['-c', folder, 'start'] }
}

function zoneText(record: string): string {
  const soa = '@ SOA ns1 hostmaster 1 7200 1800 1209600 300'
  return `$TTL 3600\n${soa}\n@ NS ns1\nns1 A 127.0.0.1\n${record}\n`
}
