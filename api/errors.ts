import { exitCodes } from '../launcher/console/exit-codes.ts'

/** What a command of Syllabus said of its failure. */
type CommandFailure = {
  /** The exit code of the command; docs/operations.md has what each means. */
  exitCode: number
  /** What is wrong. */
  what: string
  /** How to put it right; empty where nobody can. */
  fix: string
  /** The run that it is about; null where none was begun. */
  runId: string | null
}

/** Anything that kept a call from its result. The classes below say which kind; all others are faults of Syllabus or of the machine. */
export class SyllabusError extends Error {
  readonly exitCode: number
  readonly what: string
  readonly fix: string
  readonly runId: string | null

  constructor({ exitCode, what, fix, runId }: CommandFailure) {
    super(fix ? `${what}\n${fix}` : what)
    this.name = new.target.name
    this.exitCode = exitCode
    this.what = what
    this.fix = fix
    this.runId = runId
  }
}

/** Exit code 2: an option, a file or a part that is missing; nothing was paid. `fix` says what to do. */
export class BadInputError extends SyllabusError {}

/** Exit code 3: the run ended without a valid dataset, or with fewer rows than were wanted. `readRun` has what it made. */
export class NoResultError extends SyllabusError {}

/** Exit code 4: a message became a dead letter, and the run waits. It goes on with `syllabus resume` once the cause is fixed. */
export class RunFaultedError extends SyllabusError {}

/** Exit code 130: it was interrupted, after what was in hand was finished. Nothing is lost. */
export class RunInterruptedError extends SyllabusError {}

const kinds: Readonly<Record<number, typeof SyllabusError>> = {
  [exitCodes.badInput]: BadInputError,
  [exitCodes.noResult]: NoResultError,
  [exitCodes.faulted]: RunFaultedError,
  [exitCodes.interrupted]: RunInterruptedError,
}

/** The error of an exit code. */
export function errorOf(fault: CommandFailure): SyllabusError {
  const Kind = kinds[fault.exitCode] ?? SyllabusError
  return new Kind(fault)
}
