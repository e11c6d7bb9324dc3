import { z } from 'zod'
import { BadCase, ScoreSheet } from './score.ts'

/**
 * How validation guides a search. `ladder: on` shows an attempt's scores only where they are better than the best shown before by
 * more than chance (the parameter-free Ladder of Blum and Hardt, 2015). `halves`: both halves of validation are distinguished, for a run
 * that changes from one to the other.
 */
export const Guidance = z.object({
  ladder: z.enum(['off', 'on']).default('off'),
  halves: z.boolean().default(false),
  /** HTTP requests that an analyst may make of its model; left out where the evaluator has none. */
  analysisCalls: z.number().int().nonnegative().optional(),
})
export type Guidance = z.infer<typeof Guidance>

const Counts = z.object({ wrong: z.number().int().nonnegative(), total: z.number().int().nonnegative() })

/**
 * What failed validation items have in common: a model named it from some of the items, and its test (a JavaScript function of an item) was
 * counted over the others, with the property and without. `pValue`: Fisher's exact test, one-sided.
 */
export const FailureCause = z.object({
  statement: z.string(),
  test: z.string(),
  with: Counts,
  without: Counts,
  pValue: z.number().min(0).max(1),
})
export type FailureCause = z.infer<typeof FailureCause>

/** What a search is guided by: scores, skill scores among them, a sample of what was wrong, and the causes that hold, of an analyst. */
export const Guide = z.object({
  validation: ScoreSheet,
  badCases: z.array(BadCase),
  causes: z.array(FailureCause).optional(),
})
export type Guide = z.infer<typeof Guide>

/** The guide by each half of validation. */
export const Halves = z.object({ a: Guide, b: Guide })
export type Halves = z.infer<typeof Halves>
