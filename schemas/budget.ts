import { z } from 'zod'

const calls = z.number().int().nonnegative().nullable().default(null)

/**
 * What a run may spend on models; null: not limited. Calls are HTTP requests, failed ones too, and no crash makes more of them.
 * Tokens and money are counted from the replies: nothing is begun whose longest prompts and replies would not fit in what is left.
 */
export const Budget = z.object({
  teacherCalls: calls.describe('calls of the teacher: those of generators and critics, over the whole run'),
  attemptCalls: calls.describe('calls of the teacher for one attempt'),
  plannerCalls: calls.describe("calls of the planner's own model over the whole run"),
  modelCalls: z
    .record(z.string(), z.number().int().nonnegative())
    .default({})
    .describe("calls over the whole run by the model's name, whoever makes them"),
  tokens: calls.describe('input and output tokens of all roles together, over the whole run'),
  money: z
    .number()
    .nonnegative()
    .nullable()
    .default(null)
    .describe('US dollars over the whole run; wants a price for every model that is called'),
  attemptHours: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('hours after which no further round of one attempt is asked for'),
})
export type Budget = z.infer<typeof Budget>
