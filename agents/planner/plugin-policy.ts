import { z } from 'zod'
import type { AgentContext, PluginLaunch } from '../kit/agent.ts'
import type { PlannerDefinition } from '../sdk/planner.ts'
import { policyOf } from '../sdk/planner.ts'
import { PluginFault, remoteDefinition } from '../sdk/remote.ts'
import { progressOf, servicesOf } from '../sdk/services.ts'
import { review } from './llm/review.ts'
import { type Policy, ProgramFault } from './policy.ts'

const Given = z.object({ program: z.looseObject({ sources: z.array(z.unknown()) }), diagnosis: z.string().min(1) })

const mostDiagnosisChars = 2000
const mostFaultChars = 4000

/**
 * The policy of a plug-in. What it writes is checked as a model's program is; where it does not hold, or nothing comes, the attempt raises
 * with the reason, and the next situation shows it.
 */
export async function openPluginPolicy(
  context: AgentContext,
  { limits, ...plugin }: PluginLaunch,
): Promise<{ policy: Policy; release: () => Promise<void> }> {
  const remote = remoteDefinition({ ...plugin, role: 'planner' }, limits, context.onPluginFault ?? (() => {}))
  const { decide } = await (remote as unknown as PlannerDefinition).open(servicesOf(context))
  const policy = policyOf(remote as unknown as PlannerDefinition, async (situation, signal) => {
    const fail = (reason: string, diagnosis = reason, wrote = ''): never => {
      throw new ProgramFault(reason.slice(0, mostFaultChars), { diagnosis, model: null, wrote })
    }
    try {
      const { data, error } = Given.safeParse(
        await decide(situation, { signal, progress: progressOf(context, situation.runId) }),
      )
      if (!data) return fail(`${plugin.name} gave no program: ${z.prettifyError(error)}`)
      const text = JSON.stringify(data.program)
      const diagnosis = data.diagnosis.slice(0, mostDiagnosisChars)
      const reviewed = await review({ text, truncated: false }, situation)
      if (!reviewed.ok) return fail(`${plugin.name}: ${reviewed.faults.join('\n')}`, diagnosis, text)
      return { program: reviewed.program, diagnosis, model: null }
    } catch (error) {
      if (error instanceof PluginFault) return fail(error.message)
      throw error
    }
  })
  return { policy, release: async () => remote[Symbol.asyncDispose]() }
}
