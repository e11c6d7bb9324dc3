import { z } from 'zod'
import { count } from '../../../schemas/limit.ts'
import { SandboxLimits } from '../../../tasks/sandbox/limits.ts'
import { TeacherOptions } from '../../kit/teacher/options.ts'
import { EvaluatorOptions } from '../options.ts'

/** What the analyst is shown, and when it is believed. */
export const AnalysisLimits = z.strictObject({
  shownWrong: count(24, 'wrong validation items that the analyst is shown', 200),
  shownRight: count(12, 'right validation items that it is shown beside them', 200),
  itemChars: count(600, 'characters of a question, an answer and a reply that it is shown, of each'),
  maxHypotheses: count(6, 'hypotheses that it may name', 20),
  analysisTokens: count(1500, 'longest reply of the analyst in tokens'),
  analysisTries: count(2, 'replies that are asked for until one can be read', 5),
  leastItems: count(5, 'other items that must have the property before a hypothesis can hold'),
  significance: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe(
      "level of the one-sided exact test that a hypothesis must pass, divided by the report's number of hypotheses",
    ),
})
export type AnalysisLimits = z.infer<typeof AnalysisLimits>

/** The options of an evaluator with an analyst: those of the scorer, its model, and what it is shown. */
export const AnalystOptions = TeacherOptions.extend({
  ...EvaluatorOptions.shape,
  ...AnalysisLimits.shape,
  sandbox: SandboxLimits.prefault({}),
})
export type AnalystOptions = z.infer<typeof AnalystOptions>
