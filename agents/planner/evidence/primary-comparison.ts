import type { PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import type { StudentModel } from '../../../schemas/training.ts'

/** What a run is judged by: its chosen dataset against the control, or against the base where no control was trained. */
export const primaryComparison = (
  { primary: mode }: Pick<RunConfig, 'primary'>,
  { headline: part }: Pick<PublicTask, 'headline'>,
  studentModels: readonly Pick<StudentModel, 'arm'>[],
): PrimaryComparison => ({
  arm: 'final',
  against: studentModels.some(({ arm }) => arm === 'control') ? 'control' : 'base',
  part,
  mode,
  seedIndex: 1,
})
