import { z } from 'zod'
import { DeliveryChanges } from '../../schemas/message.ts'
import { Account, AgentRole } from '../../schemas/role.ts'

/** The environment variable by which a launcher hands one agent process all it needs, and nothing of another role. */
export const launchVariable = 'SYLLABUS_AGENT'

/** What one agent process is started with. It holds secrets: it is passed in the environment and never logged. */
export const Launch = z.object({
  role: AgentRole,
  variant: z.string(),
  instance: z.string(),
  servers: z.string(),
  credentials: z.partialRecord(Account, z.object({ user: z.string(), pass: z.string() })),
  sealed: z.boolean(),
  /** Hex; critic and evaluator only. */
  contaminationKey: z.string().nullable(),
  slots: z.number().int().positive(),
  options: z.record(z.string(), z.json()),
  home: z.string(),
  delivery: DeliveryChanges,
  drainMs: z.number().int().positive(),
})
export type Launch = z.infer<typeof Launch>
