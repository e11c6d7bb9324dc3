import { UserError } from '../schemas/user-error.ts'

/** A task folder that cannot be used. The three texts are for the person who wrote it. */
export class TaskError extends UserError {
  declare readonly where: string

  /** `where`: the file, and the line or key in it. */
  constructor(what: string, where: string, fix: string) {
    super(what, fix, { where })
  }
}
