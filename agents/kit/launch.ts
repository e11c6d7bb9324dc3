import { z } from 'zod'
import { Credentials, TlsFiles } from '../../bus/mod.ts'
import { BusLimits } from '../../schemas/bus-limits.ts'
import { Token } from '../../schemas/ids.ts'
import { DeliveryChanges } from '../../schemas/message.ts'
import { LocalPlugin } from '../../schemas/plugin.ts'
import { AgentRole } from '../../schemas/role.ts'
import { PluginLimits } from '../../schemas/session-limits.ts'

export const Identity = z.object({ role: AgentRole, variant: z.string(), instance: z.string() })
export type Identity = z.infer<typeof Identity>

/**
 * All that one agent process needs to work, and nothing of another role. It holds secrets: it is passed on the process's own
 * channel, which no other process can read, and never logged.
 */
export const Launch = Identity.extend({
  servers: z.string(),
  credentials: Credentials,
  tls: TlsFiles.optional(),
  sealed: z.boolean(),
  /** Hex; critic and evaluator only. */
  contaminationKey: z.string().nullable(),
  /** Where its work is put; left out: under its variant's name. */
  queue: Token.optional(),
  slots: z.number().int().positive(),
  options: z.record(z.string(), z.json()),
  home: z.string(),
  /** The environment beside what a process begins with: without the keys of other roles' models. */
  environment: z.record(z.string(), z.string()),
  delivery: DeliveryChanges,
  drainMs: z.number().int().positive(),
  graceMs: z.number().int().positive(),
  /** Patience with the server. */
  bus: BusLimits,
  /** The plug-in that it is; left out of a built-in variant. */
  plugin: LocalPlugin.extend({ limits: PluginLimits }).optional(),
  /** How the process before this one ended, where one did that was not asked to. */
  lastEnd: z.string().optional(),
})
export type Launch = z.infer<typeof Launch>

/** Why a process cannot work, sent to its launcher before it ends. */
export type FailureReport = { reason: string; fix?: string | undefined }
