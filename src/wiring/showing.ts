// The HTTP API of a running director, with its metrics. In a module of its own, which showings.ts imports where `admin` asks
// for it: the libraries behind it take 30 MB of resident memory, and zones alone make a server that shows nothing.
import { Admin, type AdminOptions } from '../admin/admin.ts'
import { createExporter, type Exporter, type MetricsSources } from '../metrics/exporter.ts'

export interface Showing {
  readonly admin: Admin
  readonly exporter: Exporter
}

export function createShowing(admin: Omit<AdminOptions, 'metrics' | 'onRefused'>, sources: MetricsSources): Showing {
  const exporter = createExporter(sources)
  const onRefused = exporter.countAdminRefusal
  return { exporter, admin: new Admin({ ...admin, metrics: () => exporter.metrics(), onRefused }) }
}
