import type { ReferenceArm } from '../../../schemas/arm.ts'
import type { Row } from '../../../schemas/row.ts'
import type { Task } from '../../../schemas/task.ts'
import { evaluationItems } from './evaluation-items.ts'
import { openItems } from './item-index.ts'

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
