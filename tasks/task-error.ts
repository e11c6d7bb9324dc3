/** A task folder that cannot be used. The three texts are for the person who wrote it. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  /** What is wrong. */
  readonly what: string
  /** The file, and the line or key in it. */
  readonly where: string
  /** How to fix it. */
  readonly fix: string

  constructor(what: string, where: string, fix: string) {
    super(`${what} (${where}). ${fix}`)
    this.what = what
    this.where = where
    this.fix = fix
  }
}
