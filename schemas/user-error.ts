export { fixOf } from './error-fix.ts'

/** A command used wrongly, or input that is not there. */
export class UsageError extends Error {
  readonly fix: string

  constructor(message: string, fix: string) {
    super(message)
    this.name = 'UsageError'
    this.fix = fix
  }
}
