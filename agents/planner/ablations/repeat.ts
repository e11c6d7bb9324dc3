import type { Policy } from '../policy.ts'
import { blinded } from './blind.ts'

/**
 * The planner variant `llm-repeat`: one program, made k times, best on validation. Its planner writes until a program gives a valid
 * dataset, as one-shot does, and from then on the same program is followed again for other rows; so it costs as many calls, trainings
 * and validation scores as an iterative search, and what that gains over it is gained by writing further programs.
 */
export function repeated(policy: Policy): Policy {
  return {
    ...policy,
    draftsOnly: true,
    async decide(situation, signal) {
      const first = situation.history.find(({ outcome, program }) => outcome === 'scored' && program !== null)
      if (!first?.program) return policy.decide(blinded(situation), signal)
      return {
        program: first.program,
        diagnosis: `The program of attempt ${first.attempt} again, for other rows.`,
        model: null,
      }
    },
  }
}
