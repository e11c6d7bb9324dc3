import { randomBytes } from 'node:crypto'
import { buildContaminationIndex, openContaminationIndex } from '../../agents/critic/checks/contamination.ts'
import { evaluationItems } from '../../agents/critic/checks/evaluation-items.ts'
import type { Bus } from '../../bus/mod.ts'
import { type BaselineArm, BaselineKind, kindOf, type ReferenceArm } from '../../schemas/arm.ts'
import type { Row } from '../../schemas/row.ts'
import type { Evidence } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../errors.ts'

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

/** What a run trains and measures beside its chosen dataset. Errors: UsageError for a reference that the task does not have. */
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

/** How validation guides the search. Errors: UsageError for a swap together with a guard, and one that no attempt would come to. */
function planGuidance(
  task: Task,
  topology: Topology,
  {
    swapValidationAt = null,
    attempts = topology.run.attempts,
  }: { swapValidationAt?: number | null; attempts?: number },
): Pick<Evidence, 'guard' | 'swapValidationAt'> {
  const { guard, guardFrom } = topology.run.evidence
  if (swapValidationAt !== null && (swapValidationAt === 1 || swapValidationAt > attempts)) {
    throw new UsageError(
      `Validation cannot be swapped at attempt ${swapValidationAt}: the run has ${attempts}.`,
      attempts > 1 ? `Give --swap-validation-at 2 to ${attempts}.` : 'Give --attempts 2 or more.',
    )
  }
  if (swapValidationAt !== null && guard === 'ladder') {
    throw new UsageError(
      `The topology ${topology.name} asks for the guard "ladder", which cannot score a validation that is swapped.`,
      'Leave --swap-validation-at out, or write run.evidence.guard: off in the topology.',
    )
  }
  const isLarge = task.validation.length >= guardFrom
  const auto = isLarge && swapValidationAt === null ? 'ladder' : 'off'
  return { guard: guard === 'auto' ? auto : guard, swapValidationAt }
}

/** Share of an item's words from which a row is taken for a copy of it, as the programs of a planner that follows rules have it. */
export const contaminationShare = 0.6

/**
 * The rows of each of the task's references as training rows. Those that copy an item of validation, test, audit or the retention set are
 * refused, as the critic refuses generated ones.
 */
export function referenceRows(task: Task): { arm: ReferenceArm; rows: Row[]; refused: number }[] {
  const key = randomBytes(32)
  const index = openContaminationIndex(buildContaminationIndex(evaluationItems(task), key), key, {
    share: contaminationShare,
  })
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
