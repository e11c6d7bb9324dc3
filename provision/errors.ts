/** A set-up step that failed in a way a person can mend: `message` says what and where, `mend` says how. */
export class SetupError extends Error {
  readonly mend: string

  constructor(message: string, mend: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SetupError'
    this.mend = mend
  }
}
