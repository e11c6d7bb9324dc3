import { type BaselineArm, BaselineKind, kindOf, type ReferenceArm } from '../../schemas/arm.ts'
import type { Evidence } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** What the options of a command say of a run's evidence; what they leave out is the topology's. */
export type EvidenceRequest = {
  seeds?: number
  arms?: Topology['run']['evidence']['arms']
  submissions?: boolean
  retention?: boolean
  swapValidationAt?: number
  attempts?: number
}

/** A run's evidence before the references' rows are on the bus. */
export type PlannedEvidence = Omit<Evidence, 'references'>

/**
 * What a run trains and measures beside its chosen dataset.
 * @throws UsageError for a reference that the task does not have
 */
export function planEvidence(task: Task, topology: Topology, request: EvidenceRequest): PlannedEvidence {
  const asked = {
    seeds: request.seeds ?? topology.run.evidence.seeds,
    arms: request.arms ?? topology.run.evidence.arms,
    submissions: request.submissions ?? topology.run.evidence.submissions,
    retention: request.retention ?? topology.run.evidence.retention,
  }
  const arms = asked.arms === 'all' ? allArms(task) : [...new Set(asked.arms.flatMap((arm) => armsNamed(arm, task)))]
  return { ...asked, arms, ...planGuidance(task, topology, request) }
}

const referencesOf = ({ references }: Task): ReferenceArm[] => references.map(({ arm }) => arm)

const allArms = (task: Task): BaselineArm[] =>
  BaselineKind.options.flatMap((kind) => (kind === 'reference' ? referencesOf(task) : [kind]))

/** The arms that a name asks for: `reference` is every reference of the task. */
function armsNamed(asked: BaselineArm, task: Task): BaselineArm[] {
  if (kindOf(asked) !== 'reference') return [asked]
  const known = referencesOf(task)
  const named = asked === 'reference' ? known : known.filter((arm) => arm === asked)
  if (named.length > 0) return named
  throw new UsageError(
    `The arm "${asked}" is asked for, and the task ${task.id} (${task.dir}) has ${known.length > 0 ? known.join(', ') : 'no reference rows'}.`,
    'Name a file of {instruction, input, output} rows under reference in task.yaml, or leave that arm out.',
  )
}

/**
 * How validation guides the search. The ladder and a swap go by the order of attempts, so they are for one after the other with one seed.
 * @throws UsageError for a swap together with a ladder, and one that no attempt would come to; for either where attempts have no such order
 */
function planGuidance(
  task: Task,
  topology: Topology,
  {
    swapValidationAt = null,
    attempts = topology.run.attempts,
  }: { swapValidationAt?: number | null; attempts?: number },
): Pick<Evidence, 'ladder' | 'swapValidationAt'> {
  const { ladder, ladderFrom } = topology.run.evidence
  const { parallel, racing, strategy } = topology.run
  const hasOrder = parallel === 1 && racing.seeds === 0 && strategy !== 'successive-halving'
  if (!hasOrder && (swapValidationAt !== null || ladder === 'on')) {
    throw new UsageError(
      `The topology ${topology.name} has ${orderless(topology)}, and ${ladder === 'on' ? 'its ladder' : '--swap-validation-at'} goes by one attempt after the other.`,
      ladder === 'on' ? 'Write run.evidence.ladder: off in the topology.' : 'Leave --swap-validation-at out.',
    )
  }
  if (swapValidationAt !== null && (swapValidationAt === 1 || swapValidationAt > attempts)) {
    throw new UsageError(
      `Validation cannot be swapped at attempt ${swapValidationAt}: the run has ${attempts}.`,
      attempts > 1 ? `Give --swap-validation-at 2 to ${attempts}.` : 'Give --attempts 2 or more.',
    )
  }
  if (swapValidationAt !== null && ladder === 'on') {
    throw new UsageError(
      `The topology ${topology.name} asks for the ladder, which cannot score a validation that is swapped.`,
      'Leave --swap-validation-at out, or write run.evidence.ladder: off in the topology.',
    )
  }
  const isLarge = task.validation.length >= ladderFrom
  const auto = isLarge && hasOrder && swapValidationAt === null ? 'on' : 'off'
  return { ladder: ladder === 'auto' ? auto : ladder, swapValidationAt }
}

function orderless({ run: { parallel, racing } }: Topology): string {
  if (parallel > 1) return `run.parallel: ${parallel}`
  return racing.seeds > 0 ? `run.racing.seeds: ${racing.seeds}` : 'run.strategy: successive-halving'
}
