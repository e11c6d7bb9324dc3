/** What keeps an endpoint from being asked, and how to mend it. */
export class TeacherUnusable extends Error {
  readonly mend: string

  constructor(message: string, mend: string) {
    super(message)
    this.name = 'TeacherUnusable'
    this.mend = mend
  }
}
