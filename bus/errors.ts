/** Something outside the program is missing or wrong: what, where, and the step that mends it. Exit code 2. */
export class BusSetupError extends Error {
  readonly what: string
  readonly where: string
  readonly mend: string

  constructor(fault: { what: string; where: string; mend: string }, options?: ErrorOptions) {
    super(`${fault.what} (${fault.where}). ${fault.mend}`, options)
    this.name = 'BusSetupError'
    this.what = fault.what
    this.where = fault.where
    this.mend = fault.mend
  }
}

/** The message can never be handled: it is not delivered again and becomes a dead letter with this reason. */
export class TerminalError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'TerminalError'
  }
}

/** Not now: the message comes again after `afterMs`, or after the message's own backoff when that is left out. */
export class RetryError extends Error {
  readonly afterMs: number | undefined

  constructor(reason: string, afterMs?: number, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'RetryError'
    this.afterMs = afterMs
  }
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
