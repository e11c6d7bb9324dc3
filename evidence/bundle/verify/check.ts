import type { LogEntry } from '../../../schemas/log-entry.ts'
import { Round, type RoundRef } from '../../../schemas/messages/generation.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { PublicTask, Task } from '../../../schemas/task.ts'
import type { RunFacts } from '../../report/mod.ts'
import { bundleFiles } from '../manifest.ts'
import { type Bundle, isGone } from '../read.ts'
import type { Ledger } from './ledger.ts'

/** What every check is given: the bundle, and its log as it was read. */
export type BundleEvidence = {
  bundle: Bundle
  entries: readonly LogEntry[]
  facts: RunFacts
  config: RunConfig
  task: PublicTask | null
  /** The task folder, where whoever verifies has it. */
  wholeTask: Task | null
  /** Another report.json than the bundle's, to be compared with what the bundle comes to. */
  published: { file: string; report: unknown } | null
}

/** One thing that is computed again. `what` completes "checked: …". */
export type Check = { name: string; what: string; run(evidence: BundleEvidence, ledger: Ledger): Promise<void> }

/** Where a message stands, as a difference names it. */
export const messagePlace = (name: string, { seq }: { seq: number }, field: string): string =>
  `log.jsonl, message ${seq} (${name}): ${field}`

/** The round that a message belongs to; null where its object is not there. */
export const roundOf = async (evidence: BundleEvidence, { object }: RoundRef, ledger: Ledger): Promise<Round | null> =>
  has(evidence, object, ledger) ? evidence.bundle.json(bundleFiles.object(object.sha256), Round) : null

/** Whether an object is there. One that is not is a difference, unless the bundle says that the bus no longer had it. */
export function has({ bundle }: BundleEvidence, ref: { sha256: string }, ledger: Ledger): boolean {
  const path = bundleFiles.object(ref.sha256)
  if (bundle.files.has(path)) return true
  if (isGone(bundle, ref)) ledger.leave(`${path} was no longer on the bus`)
  else ledger.differs({ place: path, recorded: 'named, so a file of the bundle', recomputed: null })
  return false
}
