import type { AgentRole } from '../../schemas/role.ts'

// Nothing else is loaded here: agents are started with these words before a command has loaded anything.

/** The environment variable that gives an agent process its identity, so that it loads its code while the bus is made ready. */
export const identityVariable = 'SYLLABUS_AGENT'

/** The instance id of one of a session's replicas of a role, counted from 0. */
export const replicaName = (role: AgentRole, index: number): string => `${role}-${index + 1}`
