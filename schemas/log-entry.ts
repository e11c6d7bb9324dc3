import { z } from 'zod'

/** One message of a run's log, in the order of `seq`. */
export const LogEntry = z.object({
  seq: z.number().int().positive(),
  /** When the server stored it, ISO 8601 in UTC. */
  at: z.string(),
  name: z.string(),
  from: z.object({ role: z.string(), variant: z.string(), instance: z.string() }),
  /** Absent on events. */
  to: z.object({ role: z.string(), variant: z.string() }).optional(),
  id: z.string(),
  /** The id of the message it follows from. */
  cause: z.string().nullable(),
  /** Parsed; where that failed the raw JSON or text, and `parseError` says why. */
  payload: z.unknown(),
  parseError: z.string().optional(),
})
export type LogEntry = z.infer<typeof LogEntry>
