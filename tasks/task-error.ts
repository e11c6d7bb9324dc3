/** A task folder that cannot be used. The three texts are for the person who wrote it. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  /** What is wrong. */
  readonly what: string
  /** The file, and the line or key in it. */
  readonly where: string
  /** How to mend it. */
  readonly mend: string

  constructor(what: string, where: string, mend: string) {
    super(`${what} (${where}). ${mend}`)
    this.what = what
    this.where = where
    this.mend = mend
  }
}
