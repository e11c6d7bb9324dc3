import type { z } from 'zod'
import type { ReplyScore } from '../../schemas/task.ts'

export type ScorerOptions = Readonly<Record<string, string | number | boolean>>

/** A deterministic rule that compares a reply with a gold answer. */
export interface Scorer {
  name: string
  /** The options a task may set, with their defaults. */
  options: z.ZodType<ScorerOptions>
  /** @throws throws on options that do not parse and on a gold answer that is no number */
  score(response: string, gold: string, options?: ScorerOptions): ReplyScore
  /** A reply in the required form with this answer: a gold answer has to score 1 against it. */
  inForm(answer: string): string
}

/** How a gold scores against itself; null where the scorer cannot read it. */
export function ownScore(scorer: Scorer, gold: string, options?: ScorerOptions): ReplyScore | null {
  try {
    return scorer.score(scorer.inForm(gold), gold, options)
  } catch {
    return null
  }
}
