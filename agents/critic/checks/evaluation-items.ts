import type { Task } from '../../../schemas/task.ts'
import type { EvaluationItem } from './contamination.ts'

/** What rows of a task are checked against: its validation, its sealed test and its audit file, questions alone. */
export function evaluationItems({
  validation,
  test,
  audit,
}: Pick<Task, 'validation' | 'test' | 'audit'>): EvaluationItem[] {
  return [
    ...validation.map((item) => ({ ...item, split: 'validation' as const })),
    ...[...test, ...audit].map((item) => ({ ...item, split: 'sealed' as const })),
  ].map(({ id, split, input, coreKey }) => ({ id, split, text: input, coreKey }))
}
