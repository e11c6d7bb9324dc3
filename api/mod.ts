/**
 * Syllabus for programs: start runs, follow them, read what they made. See docs/api.md.
 */
export type { TrackerName } from '../trackers/tracker.ts'
export type { Place } from './command.ts'
export {
  BadInputError,
  NoResultError,
  RunFaultedError,
  RunInterruptedError,
  SyllabusError,
} from './errors.ts'
export { isMessage, type MessageEvent, type RunEvent } from './events.ts'
export type { EstimateOptions, GenerateOptions, RunOptions } from './options.ts'
export { type GenerateResult, type Going, generate, type RunResult, run } from './run.ts'
export {
  type AttemptFacts,
  estimate,
  listRuns,
  type RowFacts,
  type RowWithPrompt,
  type RunSummary,
  readRun,
  type StoredRun,
} from './stored-run.ts'
