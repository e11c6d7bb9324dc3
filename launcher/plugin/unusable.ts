import type { AgentRole } from '../../schemas/role.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** Where a plug-in was named, for whoever has to correct it. */
export type PluginPlace = { role: AgentRole; variant: string; file: string }

/** The error of a plug-in that cannot be used: what, where, and how to fix it. */
export const unusable = ({ role, variant, file }: PluginPlace, why: string, fix: string): UsageError =>
  new UsageError(`The ${role} "${variant}" cannot be used: ${why}.\n  agents.${role}.variant in ${file}`, fix)
