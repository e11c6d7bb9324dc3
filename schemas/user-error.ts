/**
 * Something that a person can put right: what is wrong, where, and the step that fixes it. All that is shown to a person with a fix extends
 * this one. The message is `what` alone, or "what (where). fix" for a fault that has a place.
 */
export class UserError extends Error {
  readonly what: string
  readonly where: string | undefined
  readonly fix: string
  /** Whether the same command may succeed later, with nothing put right here: a connection that is cut, a server that restarts. */
  readonly passing: boolean

  constructor(
    what: string,
    fix: string,
    { where, passing = false, ...options }: ErrorOptions & { where?: string; passing?: boolean } = {},
  ) {
    super(where === undefined ? what : `${what} (${where}). ${fix}`, options)
    this.name = new.target.name
    this.what = what
    this.where = where
    this.fix = fix
    this.passing = passing
  }
}

/** A command used wrongly, or input that is not there. */
export class UsageError extends UserError {}

/** How a person fixes an error that is their input's or their machine's fault; of any other error nothing. */
export const fixOf = (error: unknown): string | undefined => (error instanceof UserError ? error.fix : undefined)

/** The message of whatever was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
