import { z } from 'zod'

/** The topology's `options` of an evaluator. */
export const EvaluatorOptions = z.strictObject({
  badCasesPerSkill: z
    .number()
    .int()
    .nonnegative()
    .default(4)
    .describe('wrong validation items of one skill that the planner is shown'),
  audit: z
    .record(z.string(), z.number().int().nonnegative())
    .default({ 'in-template': 60, 'heldout-phrasing': 30, 'heldout-range': 30 })
    .describe('fresh items drawn for the audit, by part'),
})
export type EvaluatorOptions = z.infer<typeof EvaluatorOptions>
