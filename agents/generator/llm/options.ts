import { z } from 'zod'
import { SandboxLimits } from '../../../tasks/sandbox/limits.ts'
import { TeacherOptions } from '../../kit/teacher/options.ts'

/** How a reply that cannot be used is asked for anew. */
export const RevisionLimits = z.strictObject({
  maxRevisions: z.number().int().min(0).max(10).default(2),
  /** Characters of the reply that its teacher is shown. */
  shownChars: z.number().int().nonnegative().default(2000),
})
export type RevisionLimits = z.infer<typeof RevisionLimits>

/** Options of the generator `llm`: its teacher, how it is asked anew, and what one reply's hooks may take. */
export const LlmGeneratorOptions = TeacherOptions.extend({
  ...RevisionLimits.shape,
  sandbox: SandboxLimits.prefault({}),
})
export type LlmGeneratorOptions = z.infer<typeof LlmGeneratorOptions>
