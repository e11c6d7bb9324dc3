import type { Task } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { type Bundle, isGone, MissingObject } from './read.ts'
import { logOf, taskOf } from './report-of-folder.ts'
import { admission } from './verify/admission.ts'
import { answers } from './verify/answers.ts'
import { candidates } from './verify/candidates.ts'
import type { Check, Evidence } from './verify/check.ts'
import { datasets } from './verify/datasets.ts'
import { files } from './verify/files.ts'
import { items } from './verify/items.ts'
import { jobs } from './verify/jobs.ts'
import { journal } from './verify/journal.ts'
import { type Checked, openLedger } from './verify/ledger.ts'
import { log } from './verify/log.ts'
import { planner } from './verify/planner.ts'
import { programs } from './verify/programs.ts'
import { prompts } from './verify/prompts.ts'
import { report } from './verify/report.ts'
import { rows } from './verify/rows.ts'
import { sealed } from './verify/sealed.ts'
import { seeds } from './verify/seeds.ts'
import { task as taskCheck } from './verify/task.ts'
import { usage } from './verify/usage.ts'
import { validation } from './verify/validation.ts'

const checks: readonly Check[] = [
  files,
  log,
  answers,
  taskCheck,
  seeds,
  programs,
  prompts,
  journal,
  usage,
  admission,
  rows,
  datasets,
  planner,
  jobs,
  validation,
  sealed,
  items,
  report,
]

export type VerifyOptions = {
  /** The whole task, where whoever verifies has it. */
  task?: Task | null
  /** A report.json that was given apart from the bundle. */
  published?: Evidence['published']
  deep?: boolean
}

export type CheckResult = Checked & { check: string; what: string }

/**
 * Computes again what a bundle says, one check after the other, from nothing but the bundle and, where it is given, the task folder.
 * @throws UsageError for a bundle whose parts cannot be read
 */
export async function* verifyBundle(
  bundle: Bundle,
  { task: wholeTask = null, published = null, deep = false }: VerifyOptions = {},
): AsyncGenerator<CheckResult> {
  const { entries, facts } = await logOf(bundle)
  const { config } = facts
  if (!config) {
    const [first] = facts.unreadable
    const why = first ? `: message ${first.seq} (${first.name}), ${first.reason}` : ''
    throw new UsageError(`The log of this bundle does not begin${why}.`, 'Make the bundle again from its run.')
  }
  const task = await taskOf(bundle, facts)
  const evidence: Evidence = { bundle, entries, facts, config, task, wholeTask, published }
  for (const { name, what, run } of deep ? [...checks, candidates] : checks) {
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
