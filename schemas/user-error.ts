/** A command used wrongly, or input that is not there. */
export class UsageError extends Error {
  readonly fix: string

  constructor(message: string, fix: string) {
    super(message)
    this.name = 'UsageError'
    this.fix = fix
  }
}

/** How a person fixes an error; every error of ours that is their input's or their machine's fault carries it. */
export function fixOf(error: unknown): string | undefined {
  return error instanceof Error && 'fix' in error && typeof error.fix === 'string' ? error.fix : undefined
}
