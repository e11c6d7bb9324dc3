export { mendOf } from './error-fix.ts'

/** A command used wrongly, or input that is not there. */
export class UsageError extends Error {
  readonly mend: string

  constructor(message: string, mend: string) {
    super(message)
    this.name = 'UsageError'
    this.mend = mend
  }
}
