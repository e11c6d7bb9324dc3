import { createRequire } from 'node:module'

/** A metric as a scraper reads it: `type` is COUNTER, GAUGE, HISTOGRAM or SUMMARY. */
export type MetricFamily = {
  name: string
  type: string
  help: string
  metrics: { value?: string; labels?: Record<string, string> }[]
}

/** Families of metrics in Prometheus' text format. The library has no types, and exports its function alone. */
export const parsePrometheus: (text: string) => MetricFamily[] = createRequire(import.meta.url)(
  'parse-prometheus-text-format',
)
