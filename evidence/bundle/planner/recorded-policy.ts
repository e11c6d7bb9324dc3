import { modes } from '../../../agents/planner/llm/modes.ts'
import { review } from '../../../agents/planner/llm/review.ts'
import { PlannerBudgetExhausted, type Policy, ProgramFault, unpaidDiagnosis } from '../../../agents/planner/policy.ts'
import { hashOf } from '../../../schemas/hash.ts'
import type { RunFacts } from '../../report/mod.ts'
import { bundleFiles } from '../manifest.ts'
import type { Bundle } from '../read.ts'
import { JournalLine } from '../records.ts'

type Reply = { text: string; truncated: boolean }

/**
 * What a language model decided, as the log tells it, and as one of its replies says: a model does not decide the same again.
 * Errors: one for an attempt whose decision the log does not have, or whose program none of the replies asked for holds.
 */
export async function recordedPolicy(
  bundle: Bundle,
  { decisions }: RunFacts,
): Promise<(mode: keyof typeof modes) => Promise<Policy>> {
  const replies = await repliesOf(bundle)
  return async (mode) => ({
    ...modes[mode],
    async decide(situation) {
      const { runId, attempt, operation } = situation
      const decision = decisions.find(({ payload }) => payload.attempt === attempt)?.payload
      if (!decision) throw new Error(`the log has no decision on attempt ${attempt}, which was due`)
      const { program, diagnosis, model, promptHashes, spent, error = '' } = decision
      const recorded = { diagnosis, model, ...(promptHashes && { promptHashes }), ...(spent && { spent }) }
      const own = replies.get(`${runId}.a${attempt}.${operation}`) ?? []
      const reviewed = await Promise.all(own.map((reply) => review(reply, situation)))
      const held = reviewed.flatMap((each) => (each.ok ? [each.program] : []))
      if (!program) {
        if (held.length > 0)
          throw new Error(`a reply holds a program for attempt ${attempt}, and its decision says none`)
        const Fault = diagnosis === unpaidDiagnosis ? PlannerBudgetExhausted : ProgramFault
        throw new Fault(error, { ...recorded, wrote: '' })
      }
      if (!held.some((each) => hashOf(each) === hashOf(program)))
        throw new Error(`the program of attempt ${attempt} follows from none of the planner's ${own.length} replies`)
      return { ...recorded, program }
    },
  })
}

/** The replies of the planner's model, by the decision they were asked for. */
async function repliesOf(bundle: Bundle): Promise<ReadonlyMap<string, Reply[]>> {
  const replies = new Map<string, Reply[]>()
  for await (const { key, value } of bundle.lines(bundleFiles.journal('plan-journal'), JournalLine)) {
    if (!('reply' in value)) continue
    const decision = key.slice(0, key.lastIndexOf('.'))
    replies.set(decision, [...(replies.get(decision) ?? []), value.reply])
  }
  return replies
}
