import type { ReferenceArm } from '../../../schemas/arm.ts'
import type { Row } from '../../../schemas/row.ts'
import type { Task } from '../../../schemas/task.ts'
import type { EvaluationItem } from './contamination.ts'
import { openItems } from './near-duplicates.ts'

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

/**
 * The rows of each of the task's references as training rows. Those that copy an item of validation, test, audit or the retention set are
 * refused, as the critic refuses generated ones.
 */
export function referenceRows(task: Task): { arm: ReferenceArm; rows: Row[]; refused: number }[] {
  const index = openItems(evaluationItems(task))
  return task.references.map(({ arm, rows: all }) => {
    const rows = all
      .map((row, place): Row => {
        const id = `a0.r0.reference.${place}.0`
        return { id, skill: 'reference', source: 'reference', ...row, origin: { generator: 'reference' } }
      })
      .filter(({ input }) => index.check({ text: input }) === null)
    return { arm, rows, refused: all.length - rows.length }
  })
}
