// Metrics of what regions report of themselves (requests, errors, connections, servers). A region without a report, or a
// figure that a report does not have, is absent: it is not zero.
import type { Registry } from 'prom-client'
import type { MetricsFacts, ReportFacts } from './facts.ts'
import { gauge } from './metric.ts'

export function registerReports(registry: Registry, facts: () => MetricsFacts): void {
  for (const { name, help, read } of FIGURES) {
    gauge(registry, `meridian_region_${name}`, help, ['region'], (set) => {
      for (const { name: region, report } of facts().regions) {
        const value = report && read(report)
        if (value !== undefined) set([region], value)
      }
    })
  }
}

interface Figure {
  readonly name: string
  readonly help: string
  readonly read: (report: ReportFacts) => number | undefined
}

const FIGURES: readonly Figure[] = [
  {
    name: 'availability_ratio',
    help: 'The part of its share that a region takes by its own reports',
    read: ({ availability }) => availability,
  },
  { name: 'request_rate', help: 'Requests a second, as the region reports', read: ({ requestRate }) => requestRate },
  { name: 'error_ratio', help: 'The part of them that failed', read: ({ errorRate }) => errorRate },
  {
    name: 'active_connections',
    help: 'Connections open, as the region reports',
    read: ({ activeConnections }) => activeConnections,
  },
  {
    name: 'response_time_seconds',
    help: 'Mean response time, as the region reports',
    read: ({ responseTimeMs }) => (responseTimeMs === undefined ? undefined : responseTimeMs / 1000),
  },
  { name: 'healthy_servers', help: 'Servers behind it that are well', read: ({ healthyServers }) => healthyServers },
  { name: 'servers', help: 'Servers behind it', read: ({ totalServers }) => totalServers },
  { name: 'utilisation_ratio', help: 'How full it says that it is', read: ({ utilisation }) => utilisation },
]
