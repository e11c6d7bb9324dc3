import { evaluationItems } from '../../agents/kit/dedup/evaluation-items.ts'
import { openItems } from '../../agents/kit/dedup/item-index.ts'
import type { Bus } from '../../bus/mod.ts'
import { kindOf, type ReferenceArm } from '../../schemas/arm.ts'
import type { Row } from '../../schemas/row.ts'
import type { Evidence } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { PlannedEvidence } from './evidence.ts'

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

/** The evidence with the rows of the references that it has arms of on the bus. */
export async function withReferences(bus: Bus, task: Task, evidence: PlannedEvidence): Promise<Evidence> {
  const references: Evidence['references'] = []
  if (!evidence.arms.some((arm) => kindOf(arm) === 'reference')) return { ...evidence, references }
  for (const { arm, rows, refused } of referenceRows(task)) {
    if (!evidence.arms.includes(arm)) continue
    references.push({ arm, rows: await bus.objects.putLines('LAB', `task/${task.id}`, rows), refused })
  }
  return { ...evidence, references }
}
