import { z } from 'zod'

/** What one call of a function may take. */
export const SandboxLimits = z.strictObject({
  /** Steps of about ten thousand operations: the same everywhere, so that no row depends on how busy the machine is. */
  maxSteps: z.number().int().positive().default(500),
  /** A call that makes no step for so long hangs in a built-in operation: it is ended and tried once more, with four times the patience. */
  timeoutMs: z.number().int().positive().default(2000),
  /** Heap of the interpreter. */
  maxBytes: z
    .number()
    .int()
    .positive()
    .default(16 * 1024 ** 2),
  /** Length of the result as JSON text. */
  maxResultChars: z.number().int().positive().default(1_000_000),
})
export type SandboxLimits = z.infer<typeof SandboxLimits>

/** What became of one call. A failure is the hook's: its row or its program pays, never the process. */
export type SandboxOutcome =
  | { ok: true; value: unknown }
  | { ok: false; reason: 'raised' | 'timeout' | 'memory' | 'bad-result'; message: string }
