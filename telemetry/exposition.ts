import type { Counter, Gauge } from 'prom-client'
import { type MetricName, type MetricSample, metrics } from './metric-table.ts'

/** Prometheus' text of samples, with the process's own figures (`process_…`, `nodejs_…`). */
export type Exposition = { contentType: string; text(samples: readonly MetricSample[]): Promise<string> }

/** The library is loaded by whoever is asked first: a command that nobody scrapes has no use for it. */
export async function createExposition(): Promise<Exposition> {
  const { Registry, Counter, Gauge, collectDefaultMetrics } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const made = new Map<MetricName, Counter | Gauge>()
  for (const [name, { type, help, labels }] of Object.entries(metrics)) {
    const Made = type === 'counter' ? Counter : Gauge
    made.set(name as MetricName, new Made({ name, help, labelNames: [...labels], registers: [registry] }))
  }
  return {
    contentType: registry.contentType,
    text(samples) {
      for (const metric of made.values()) metric.reset()
      for (const { name, labels = {}, value } of samples) made.get(name)?.inc(labels, value)
      return registry.metrics()
    },
  }
}
