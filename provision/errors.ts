/** A set-up step that failed in a way a person can fix: `message` says what and where, `fix` says how. */
export class SetupError extends Error {
  readonly fix: string

  constructor(message: string, fix: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SetupError'
    this.fix = fix
  }
}
