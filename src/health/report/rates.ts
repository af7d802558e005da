// From two samples to a report: counters become rates over the time between them. A counter that fell was reset (the tier
// restarted), and so few requests that one error would look like many say nothing of errors: neither makes a rate.
import type { Report, Sample } from './report.ts'

/** Requests between two samples below which no error rate is told. */
export const LEAST_REQUESTS = 20

export interface TimedSample {
  readonly sample: Sample
  /** Monotonic ms. */
  readonly at: number
}

export function reportOf(before: TimedSample | undefined, { sample, at }: TimedSample): Report {
  const { activeConnections, healthyServers, totalServers, utilisation } = sample
  const rates = before === undefined || at <= before.at ? {} : ratesOf(before.sample, sample, (at - before.at) / 1000)
  return {
    ...(activeConnections !== undefined && { activeConnections }),
    ...(healthyServers !== undefined && { healthyServers }),
    ...(totalServers !== undefined && { totalServers }),
    ...(utilisation !== undefined && { utilisation }),
    ...(sample.responseTimeMs !== undefined && { responseTimeMs: sample.responseTimeMs }),
    ...rates,
  }
}

function ratesOf(before: Sample, now: Sample, seconds: number): Report {
  const grown = (field: keyof Sample): number | undefined => growth(before[field], now[field])
  const [requests, errors] = [grown('requests'), grown('errors')]
  const [time, count] = [grown('responseTimeSumMs'), grown('responseTimeCount')]
  const tellsErrors = requests !== undefined && errors !== undefined && requests >= LEAST_REQUESTS
  return {
    ...(requests !== undefined && { requestRate: requests / seconds }),
    ...(tellsErrors && { errorRate: Math.min(1, errors / requests) }),
    ...(time !== undefined && count !== undefined && count > 0 && { responseTimeMs: time / count }),
  }
}

/** Undefined for a counter that is not told, or that was reset. */
function growth(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined || now < before ? undefined : now - before
}
