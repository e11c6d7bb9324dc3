import type { Task } from '../../../schemas/task.ts'
import type { EvaluationItem } from './contamination.ts'

/**
 * What rows of a task are checked against: its validation, its sealed test, its audit file and what is asked to see what was forgotten,
 * questions alone.
 */
export function evaluationItems({
  validation,
  test,
  audit,
  retentionSet,
}: Pick<Task, 'validation' | 'test' | 'audit' | 'retentionSet'>): EvaluationItem[] {
  return [
    ...validation.map((item) => ({ ...item, split: 'validation' as const })),
    ...[...test, ...audit].map((item) => ({ ...item, split: 'sealed' as const })),
    ...(retentionSet?.items ?? []).map((item) => ({ ...item, split: 'retention' as const })),
  ].map(({ id, split, input, coreKey }) => ({ id, split, text: input, coreKey }))
}
