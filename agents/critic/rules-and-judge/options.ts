import { z } from 'zod'
import { TeacherOptions } from '../../kit/teacher/options.ts'

/** How long replies about a row may be, and how often a score is asked for. */
export const CheckLimits = z.strictObject({
  /** Longest reply of the judge in tokens: a score and its reason are short. */
  judgeTokens: z.number().int().positive().default(400),
  /** Times that a score is asked for until one can be read; then the row is refused. */
  judgeTries: z.number().int().min(1).max(5).default(2),
  /** Longest solution of a vote in tokens, where the row's source does not say how long its replies may be. */
  solutionTokens: z.number().int().positive().default(1024),
})
export type CheckLimits = z.infer<typeof CheckLimits>

/** Options of the critic `rules-and-judge`: its model, and what it asks of it. */
export const JudgeOptions = TeacherOptions.extend(CheckLimits.shape)
export type JudgeOptions = z.infer<typeof JudgeOptions>
