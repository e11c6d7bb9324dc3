import type { Task } from '../../../schemas/task.ts'
import type { EvaluationItem } from './contamination.ts'

/** What rows of a task are checked against: its validation and its sealed test, questions alone. */
export function evaluationItems({ validation, test }: Pick<Task, 'validation' | 'test'>): EvaluationItem[] {
  return [
    ...validation.map((item) => ({ ...item, split: 'validation' as const })),
    ...test.map((item) => ({ ...item, split: 'sealed' as const })),
  ].map(({ id, split, input, coreKey }) => ({ id, split, text: input, coreKey }))
}
