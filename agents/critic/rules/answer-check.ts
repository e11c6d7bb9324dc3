import type { RejectionReason, Row } from '../../../schemas/row.ts'
import type { Core } from '../../../schemas/task.ts'

/**
 * The answer is computed again from the row's numeric core and the worked solution must end in it. A row without a core cannot
 * be verified and is not admitted.
 */
export async function wrongAnswer(
  row: Row,
  deps: {
    solve: ((skill: string, core: Core) => string) | null
    isCorrect: (reply: string, answer: string) => Promise<boolean>
  },
): Promise<RejectionReason | null> {
  const { core } = row.origin
  if (!core || !deps.solve) return 'wrong-answer'
  try {
    return (await deps.isCorrect(row.output, deps.solve(row.skill, core))) ? null : 'wrong-answer'
  } catch {
    return 'wrong-answer'
  }
}
