/** How a person mends an error; every error of ours that is their input's or their machine's fault carries it. */
export function mendOf(error: unknown): string | undefined {
  return error instanceof Error && 'mend' in error && typeof error.mend === 'string' ? error.mend : undefined
}
