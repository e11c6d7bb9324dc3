import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** How many agents of a role a node runs for each queue: as many as the backlog asks for, within these bounds. */
export type AgentRange = { least: number; most: number }

/** What a node is asked to run; a role that is left out has none. `gpus`: a trainer-bridge for each GPU of the host. */
export type Counts = Partial<Record<AgentRole, AgentRange>> & { gpus?: boolean }

/** More processes of one role than a host starts by intent. */
const most = 64

/** `8`, or `1..8`; null for any other text. */
export function readRange(text: string): AgentRange | null {
  const [, from = '', to = from] = /^(\d{1,4})(?:\.\.(\d{1,4}))?$/.exec(text) ?? []
  if (from === '') return null
  const range = { least: Number(from), most: Number(to) }
  return range.least <= range.most && range.most >= 1 && range.most <= most ? range : null
}

export const rangeForm = `write a number, such as 8, or a range, such as 1..8; at most ${most}`

export const isFixed = ({ least, most: upper }: AgentRange): boolean => least === upper

/** The roles that a node runs. @throws UsageError where there are none */
export function rolesOf(counts: Counts): AgentRole[] {
  const roles = agentRoles.filter((role) => counts[role])
  if (roles.length > 0) return roles
  throw new UsageError(
    'The node is given nothing to run.',
    `Name at least one role with a number, such as --generator 4; the roles are ${agentRoles.join(', ')}.`,
  )
}
