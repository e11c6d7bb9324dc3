/** How a person fixes an error; every error of ours that is their input's or their machine's fault carries it. */
export function fixOf(error: unknown): string | undefined {
  return error instanceof Error && 'fix' in error && typeof error.fix === 'string' ? error.fix : undefined
}
