import { z } from 'zod'
import { BadCase, ScoreSheet } from './score.ts'

/**
 * How validation guides a search. `ladder: on` shows a candidate's scores only where they are better than the best shown before by
 * more than chance (the parameter-free Ladder of Blum and Hardt, 2015). `halves`: both halves of validation are distinguished, for a run
 * that changes from one to the other.
 */
export const Guidance = z.object({
  ladder: z.enum(['off', 'on']).default('off'),
  halves: z.boolean().default(false),
})
export type Guidance = z.infer<typeof Guidance>

/** What a search is guided by: scores, skill scores among them, and a sample of what was wrong. */
export const Guide = z.object({ validation: ScoreSheet, badCases: z.array(BadCase) })
export type Guide = z.infer<typeof Guide>

/** The guide by each half of validation. */
export const Halves = z.object({ a: Guide, b: Guide })
export type Halves = z.infer<typeof Halves>
