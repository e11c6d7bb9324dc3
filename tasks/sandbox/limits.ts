/** What one call of a hook may take. */
export type SandboxLimits = {
  timeoutMs: number
  /** Heap of the interpreter. */
  maxBytes: number
  /** Length of the result as JSON text. */
  maxResultChars: number
}

export const defaultLimits: SandboxLimits = { timeoutMs: 250, maxBytes: 16 * 1024 ** 2, maxResultChars: 1_000_000 }

/** What became of one call. A failure is the hook's: its row or its program pays, never the process. */
export type SandboxOutcome =
  | { ok: true; value: unknown }
  | { ok: false; reason: 'raised' | 'timeout' | 'memory' | 'bad-result'; message: string }
