import type { Task } from '../../../schemas/task.ts'
import { retentionOf } from '../../../tasks/read-retention.ts'
import { type Finding, finding } from './finding.ts'

/** The task's own retention items are outside its skills, and each gold answer scores 1. */
export async function checkRetention(task: Task): Promise<Finding> {
  const name = 'retention items are outside the task'
  try {
    return finding(name, `${(await retentionOf(task)).items.length} items`)
  } catch (error) {
    return finding(name, '', [(error as Error).message])
  }
}
