import { SandboxLimits } from '../../../tasks/sandbox/limits.ts'
import { TeacherOptions } from '../../kit/teacher/options.ts'

/** Options of the generator `llm`: its teacher, and what one reply's hooks may take. */
export const LlmGeneratorOptions = TeacherOptions.extend({ sandbox: SandboxLimits.prefault({}) })
export type LlmGeneratorOptions = typeof LlmGeneratorOptions._output
