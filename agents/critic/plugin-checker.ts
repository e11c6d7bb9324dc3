import { z } from 'zod'
import type { AgentContext, PluginLaunch } from '../kit/agent.ts'
import type { CriticDefinition } from '../sdk/critic.ts'
import { PluginFault, remoteDefinition, sharedKeys } from '../sdk/remote.ts'
import { progressOf, sandboxOf, servicesOf } from '../sdk/services.ts'
import type { CheckedRow, CheckedShard } from './admission.ts'
import { type Checker, openRulesThen, type RoundContext } from './checker.ts'

const mostReasonChars = 300

/** A finding, or what a critic in another language gives of it. */
const Finding = z.union([
  z.string(),
  z.null(),
  z
    .object({ rejected: z.string().nullable(), why: z.string().nullish() })
    .transform(({ rejected, why }) => (rejected === null ? null : (why ?? 'no reason given'))),
])

/**
 * The checker of a plug-in: the rules first, then what it finds of the rows that they let through. Where it gives nothing, those rows are
 * unchecked, with the reason.
 */
export async function openPluginChecker(
  context: AgentContext,
  { limits, ...plugin }: PluginLaunch,
): Promise<{ check: Checker; release: () => Promise<void> }> {
  const { onPluginFault: onFault = () => {} } = context
  const remote = remoteDefinition({ ...plugin, role: 'critic' }, limits, onFault)
  const opened = await (remote as unknown as CriticDefinition).open(servicesOf(context))
  const sandbox = sandboxOf(context)

  async function findings(rows: readonly CheckedRow[], { program, task }: RoundContext, key: string, run: Running) {
    const input = { runId: run.runId, rows: rows.map(({ row }) => row), program, task, [sharedKeys]: { task: key } }
    const services = {
      sandbox: (source: string, ...args: readonly unknown[]) => sandbox.call(source, ...args),
      progress: progressOf(context, run.runId),
      signal: run.signal,
    }
    const { data } = z
      .array(Finding)
      .length(rows.length)
      .safeParse(await opened.check(input, services))
    if (data) return data
    const reason = `${plugin.name} ${plugin.version} gave no finding for each of ${rows.length} rows`
    onFault(reason, 'Correct what its check function gives; see docs/agents.md.')
    throw new PluginFault(reason)
  }

  const check = openRulesThen(context, async (shard, roundContext, key, run): Promise<CheckedShard> => {
    const open = shard.rows.filter(({ rejected }) => rejected === null)
    if (open.length === 0) return shard
    try {
      const found = await findings(open, roundContext, key, run)
      const reasons = new Map(open.map(({ row }, at) => [row.id, found[at]!]))
      return { ...shard, rows: shard.rows.map((each) => refused(each, 'plugin', reasons.get(each.row.id) ?? null)) }
    } catch (error) {
      run.signal.throwIfAborted()
      if (!(error instanceof PluginFault)) throw error
      return { ...shard, rows: shard.rows.map((each) => refused(each, 'unchecked', error.message)) }
    }
  })
  const release = async () => {
    await sandbox[Symbol.asyncDispose]()
    await remote[Symbol.asyncDispose]()
  }
  return { check, release }
}

type Running = { runId: string; signal: AbortSignal }

const refused = (each: CheckedRow, rejected: 'plugin' | 'unchecked', why: string | null): CheckedRow =>
  each.rejected !== null || why === null ? each : { ...each, rejected, why: why.slice(0, mostReasonChars) }
