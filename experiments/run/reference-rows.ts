import { referenceRows } from '../../agents/kit/dedup/evaluation-items.ts'
import type { Bus } from '../../bus/mod.ts'
import { kindOf } from '../../schemas/arm.ts'
import type { Evidence } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { PlannedEvidence } from './evidence.ts'

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
