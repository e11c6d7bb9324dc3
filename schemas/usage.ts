import { z } from 'zod'

/** The roles that call models. */
export const PayingRole = z.enum(['planner', 'generator', 'critic', 'evaluator'])
export type PayingRole = z.infer<typeof PayingRole>

/**
 * What a call was for. `unanswered`: made, and then cut short by a stop or a refusal of everything, without a reply to keep.
 * `lost`: reserved by a process that died; at most so many were made.
 */
export const Stage = z.enum([
  'plan',
  'program',
  'correct',
  'generate',
  'revise',
  'vote',
  'judge',
  'analyse',
  'unanswered',
  'lost',
])
export type Stage = z.infer<typeof Stage>

const count = z.number().int().nonnegative()

/** HTTP requests of one role to one model at one endpoint and stage, failed ones too, and the tokens of the replies. */
export const UsageLine = z.object({
  role: PayingRole,
  model: z.string(),
  /** Host of the endpoint; left out where it is not known. */
  endpoint: z.string().optional(),
  stage: Stage,
  calls: count,
  inputTokens: count,
  outputTokens: count,
  /** Replies of endpoints that count no tokens: theirs are estimated from the texts. */
  estimated: count.optional(),
})
export type UsageLine = z.infer<typeof UsageLine>

/** What was spent on models. `lines` add up to the totals; left out where nothing says who asked whom. */
export const Spent = z.object({
  calls: z.number().int(),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
  lines: z.array(UsageLine).optional(),
})
export type Spent = z.infer<typeof Spent>

/** Price of a model in US dollars for a million tokens. */
export const Price = z.strictObject({
  inputPerMillion: z.number().nonnegative(),
  outputPerMillion: z.number().nonnegative(),
})
export type Price = z.infer<typeof Price>

/** Prices by the model's name; a model that is not named has no known price. */
export const Prices = z.record(z.string(), Price)
export type Prices = z.infer<typeof Prices>
