import type { Task } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { type Bundle, isGone, MissingObject } from './read.ts'
import { logOf, taskInFolder } from './report-of-folder.ts'
import { admissionCheck } from './verify/admission.ts'
import { answersCheck } from './verify/answers.ts'
import { candidatesCheck } from './verify/candidates.ts'
import type { BundleEvidence, Check } from './verify/check.ts'
import { datasetsCheck } from './verify/datasets.ts'
import { filesCheck } from './verify/files.ts'
import { itemsCheck } from './verify/items.ts'
import { jobsCheck } from './verify/jobs.ts'
import { journalCheck } from './verify/journal.ts'
import { type Checked, openLedger } from './verify/ledger.ts'
import { logCheck } from './verify/log.ts'
import { plannerCheck } from './verify/planner.ts'
import { programsCheck } from './verify/programs.ts'
import { promptsCheck } from './verify/prompts.ts'
import { reportCheck } from './verify/report.ts'
import { rowsCheck } from './verify/rows.ts'
import { sealedCheck } from './verify/sealed.ts'
import { seedsCheck } from './verify/seeds.ts'
import { taskCheck } from './verify/task.ts'
import { usageCheck } from './verify/usage.ts'
import { validationCheck } from './verify/validation.ts'

const checks: readonly Check[] = [
  filesCheck,
  logCheck,
  answersCheck,
  taskCheck,
  seedsCheck,
  programsCheck,
  promptsCheck,
  journalCheck,
  usageCheck,
  admissionCheck,
  rowsCheck,
  datasetsCheck,
  plannerCheck,
  jobsCheck,
  validationCheck,
  sealedCheck,
  itemsCheck,
  reportCheck,
]

export type VerifyOptions = {
  /** The whole task, where whoever verifies has it. */
  task?: Task | null
  /** A report.json that was given apart from the bundle. */
  published?: BundleEvidence['published']
  deep?: boolean
}

export type VerifyResult = Checked & { check: string; what: string }

/**
 * Computes again what a bundle says, one check after the other, from nothing but the bundle and, where it is given, the task folder.
 * @throws UsageError for a bundle whose parts cannot be read
 */
export async function* verifyBundle(
  bundle: Bundle,
  { task: wholeTask = null, published = null, deep = false }: VerifyOptions = {},
): AsyncGenerator<VerifyResult> {
  const { entries, facts } = await logOf(bundle)
  const { config } = facts
  if (!config) {
    const [first] = facts.unreadable
    const why = first ? `: message ${first.seq} (${first.name}), ${first.reason}` : ''
    throw new UsageError(`The log of this bundle does not begin${why}.`, 'Make the bundle again from its run.')
  }
  const task = await taskInFolder(bundle, facts)
  const evidence: BundleEvidence = { bundle, entries, facts, config, task, wholeTask, published }
  for (const { name, what, run } of deep ? [...checks, candidatesCheck] : checks) {
    const ledger = openLedger()
    try {
      await run(evidence, ledger)
    } catch (error) {
      const { message } = error as Error
      if (error instanceof MissingObject && isGone(bundle, error))
        ledger.leave(`${message}, and was no longer on the bus: what follows from it`)
      // What cannot be computed from a bundle that was changed is a difference too.
      else ledger.differs({ place: name, recorded: 'can be computed', recomputed: message })
    }
    yield { check: name, what, ...ledger.result() }
  }
}
