import type { Setting } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { retentionOf } from '../../tasks/read-retention.ts'
import { checkGenerator } from '../checks/check-generator.ts'
import { checkSeeds } from '../checks/check-seeds.ts'
import { type EvidenceRequest, type PlannedEvidence, planEvidence } from './evidence.ts'
import { settingOf } from './setting.ts'

/** What follows from a task and a topology for a run on them; nothing is started. Errors: UsageError where they do not go together. */
export async function planRun(
  task: Task,
  topology: Topology,
  options: EvidenceRequest & { setting?: Setting },
): Promise<{ evidence: PlannedEvidence; setting: Setting }> {
  checkGenerator(task, topology)
  const evidence = planEvidence(task, topology, options)
  if (evidence.retention) await retentionOf(task)
  const setting = settingOf(task, topology, options.setting)
  if (setting === 'seed') checkSeeds(task)
  return { evidence, setting }
}
