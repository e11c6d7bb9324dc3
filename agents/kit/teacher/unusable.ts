/** What keeps an endpoint from being asked, and how to fix it. */
export class TeacherUnusable extends Error {
  readonly fix: string

  constructor(message: string, fix: string) {
    super(message)
    this.name = 'TeacherUnusable'
    this.fix = fix
  }
}
