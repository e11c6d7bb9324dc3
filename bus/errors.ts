import { UserError } from '../schemas/user-error.ts'

export { reasonOf } from '../schemas/user-error.ts'

/** Something outside the program is missing or wrong: what, where, and the step that fixes it. Exit code 2. */
export class BusSetupError extends UserError {
  declare readonly where: string

  constructor({ what, where, fix }: { what: string; where: string; fix: string }, options?: ErrorOptions) {
    super(what, fix, { ...options, where })
  }
}

/** The server, or the part of it that was asked, stayed away for as long as the limits allow. It passes: asking later is right. */
export class BusAwayError extends UserError {
  constructor(
    { what, where, awayMs, why }: { what: string; where: string; awayMs: number; why: string },
    options: ErrorOptions,
  ) {
    super(
      `The NATS server has not answered about ${what} for ${Math.round(awayMs / 1000)} s (${where}): ${why}.`,
      'Start it again, or repair the way to it; nothing that it had acknowledged is lost. bus.awayMs in the topology is how long it is waited for.',
      { ...options, passing: true },
    )
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

/**
 * This process cannot do it for a reason of its own, and another may: the message comes again, this process says what is wrong with it,
 * and takes nothing for a while.
 */
export class UnfitError extends UserError {}

/** This process stops before the work is done: the message is given back at once for whoever goes on, and nobody is at fault. */
export class StoppingError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'StoppingError'
  }
}
