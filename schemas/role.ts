import { z } from 'zod'

export const agentRoles = ['planner', 'generator', 'critic', 'trainer-bridge', 'evaluator'] as const
export const AgentRole = z.enum(agentRoles)
export type AgentRole = z.infer<typeof AgentRole>

/** Everybody who holds credentials: the agents, the trace gateway (reads only) and the operator (the command line). */
export const roles = [...agentRoles, 'gateway', 'operator'] as const
export const Role = z.enum(roles)
export type Role = z.infer<typeof Role>

/** Whether a role checks rows for copies of evaluation items, or has that done, and so holds the key of the contamination index. */
export const needsContaminationKey = (role: Role): boolean => ['critic', 'evaluator', 'operator'].includes(role)

/**
 * The three accounts of the server, with no exports and no imports between them.
 * LAB: log, work, KV, objects. EXAM: questions and predictions of sealed splits. VAULT: answers.
 */
export const accounts = ['LAB', 'EXAM', 'VAULT'] as const
export const Account = z.enum(accounts)
export type Account = z.infer<typeof Account>

/** Which accounts a role is given credentials for. */
export const accountsOf: Readonly<Record<Role, readonly Account[]>> = {
  planner: ['LAB'],
  generator: ['LAB'],
  critic: ['LAB'],
  'trainer-bridge': ['LAB', 'EXAM'],
  evaluator: ['LAB', 'EXAM', 'VAULT'],
  gateway: ['LAB'],
  operator: ['LAB', 'EXAM', 'VAULT'],
}
