import { describePlugin } from '../../../schemas/plugin.ts'
import { type AgentRole, agentRoles } from '../../../schemas/role.ts'
import type { Row } from '../../../schemas/row.ts'
import type { RunFacts } from '../facts/run-facts.ts'

/** An agent of a run: its variant, and of a plug-in its author's version, how it was named, and which code it is. */
export type AgentUsed = { role: AgentRole; variant: string; version: string | null; hash: string | null; named: string }

/** What became of everything that a run asked for: counts over all its datasets, each reason for itself. */
export type Yields = {
  asked: number
  generated: number
  admitted: number
  /** By reason, of candidates that were refused. */
  rejected: Record<string, number>
  /** By reason, of indexes that gave no candidate. */
  failed: Record<string, number>
}

/** Rows of a chosen dataset, for a person to read. */
export type RowShown = Pick<Row, 'id' | 'skill' | 'input' | 'output'>

/** The agents of a run, as its settings name them. */
export const agentsUsed = ({ config }: Pick<RunFacts, 'config'>): AgentUsed[] =>
  config
    ? agentRoles.map((role) => {
        const plugin = config.plugins?.[role]
        const { version = null, hash = null } = plugin ?? {}
        return { role, variant: config.variants[role], version, hash, named: plugin ? describePlugin(plugin) : '' }
      })
    : []

export function yieldsOf({ verdicts }: Pick<RunFacts, 'verdicts'>): Yields {
  // After a crash a round may have been closed twice, with equal content.
  const rounds = new Map(verdicts.map(({ payload }) => [`${payload.attempt}.${payload.round}`, payload]))
  return yieldsTogether([...rounds.values()].flatMap(({ bySource }) => Object.values(bySource)))
}

type Counted = Pick<Yields, 'asked' | 'generated' | 'admitted'> & { rejected: Counts; failed?: Counts | undefined }
type Counts = Readonly<Record<string, number | undefined>>

/** Yields of several sources or runs, in all. */
export function yieldsTogether(each: readonly Counted[]): Yields {
  const all: Yields = { asked: 0, generated: 0, admitted: 0, rejected: {}, failed: {} }
  for (const { asked, generated, admitted, rejected, failed = {} } of each) {
    all.asked += asked
    all.generated += generated
    all.admitted += admitted
    addTo(all.rejected, rejected)
    addTo(all.failed, failed)
  }
  return all
}

function addTo(sums: Record<string, number>, more: Counts): void {
  for (const [reason, count = 0] of Object.entries(more)) sums[reason] = (sums[reason] ?? 0) + count
}
