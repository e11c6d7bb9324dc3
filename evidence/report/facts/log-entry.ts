/** One message of a run's log, as the bus reads it. A payload that did not parse has `parseError`. */
export type LogEntry = {
  seq: number
  /** ISO 8601 in UTC. */
  at: string
  name: string
  from: { role: string; variant: string; instance: string }
  to?: { role: string; variant: string } | undefined
  id: string
  cause: string | null
  payload: unknown
  parseError?: string | undefined
}
