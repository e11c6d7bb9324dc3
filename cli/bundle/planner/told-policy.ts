import { modes } from '../../../agents/planner/llm/modes.ts'
import { PlannerBroke, type Policy, ProgramFault, unpaidDiagnosis } from '../../../agents/planner/policy.ts'
import type { RunFacts } from '../../report/mod.ts'

/**
 * What a language model decided, as the log tells it: a model does not decide the same again.
 * Errors: one for an attempt whose decision the log does not have.
 */
export const toldPolicy =
  ({ decisions }: RunFacts) =>
  async (mode: keyof typeof modes): Promise<Policy> => ({
    ...modes[mode],
    async decide({ attempt }) {
      const decision = decisions.find(({ payload }) => payload.attempt === attempt)?.payload
      if (!decision) throw new Error(`the log has no decision on attempt ${attempt}, which was due`)
      const { program, diagnosis, model, promptHashes, spent, error = '' } = decision
      const told = { diagnosis, model, ...(promptHashes && { promptHashes }), ...(spent && { spent }) }
      if (program) return { ...told, program }
      const Fault = diagnosis === unpaidDiagnosis ? PlannerBroke : ProgramFault
      throw new Fault(error, { ...told, wrote: '' })
    },
  })
