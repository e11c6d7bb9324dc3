/** How a person mends an error; every error of ours that is their input's fault carries it. */
export function mendOf(error: unknown): string | undefined {
  return error instanceof Error && 'mend' in error && typeof error.mend === 'string' ? error.mend : undefined
}

/** A command used wrongly, or input that is not there. */
export class UsageError extends Error {
  readonly mend: string

  constructor(message: string, mend: string) {
    super(message)
    this.name = 'UsageError'
    this.mend = mend
  }
}
