import { z } from 'zod'
import type { ReplyScore } from '../../schemas/task.ts'
import type { CheckedLineScore } from './benchmark.ts'

/**
 * Several golds of one question: a reply is right that is right for any of them, in each mode by itself. What is shown is of the gold that
 * it is right for, else of the first.
 */

/**
 * The score of a reply against several golds.
 * @throws what `score` throws
 */
export async function scoreAny(
  golds: readonly string[],
  score: (gold: string) => ReplyScore | Promise<ReplyScore>,
): Promise<ReplyScore> {
  let best: ReplyScore | undefined
  for (const gold of golds) {
    const each = await score(gold)
    const isBetter =
      best === undefined || (each.strict && !best.strict) || (each.lenient && !best.strict && !best.lenient)
    if (isBetter)
      best = {
        ...each,
        strict: each.strict || (best?.strict ?? false),
        lenient: each.lenient || (best?.lenient ?? false),
      }
    if (best?.strict && best.lenient) break
  }
  if (best === undefined) throw new Error('there is no gold answer')
  return best
}

/** A line that lists its golds in place of `gold`. */
const Golds = z.looseObject({ golds: z.array(z.unknown()).min(1) })

/**
 * The lines that a line stands for: itself, or, where it has `golds` and no `gold`, one for each of them. `invalid` where `golds` is no
 * list.
 */
export function linePerGold(line: unknown): readonly unknown[] | { invalid: string } {
  if (typeof line !== 'object' || line === null || !('golds' in line) || 'gold' in line || 'expected_output' in line)
    return [line]
  const parsed = Golds.safeParse(line)
  if (!parsed.success) return { invalid: 'golds must be a list of at least one answer' }
  const { golds, ...rest } = parsed.data
  return golds.map((gold) => ({ ...rest, gold }))
}

/** The verdict about a line of several golds: that of the gold it is right for, else of the first; what is invalid of any is so of all. */
export function bestLineScore(verdicts: readonly CheckedLineScore[]): CheckedLineScore {
  return (
    verdicts.find((each) => 'invalid' in each) ??
    verdicts.find((each) => 'correct' in each && each.correct) ??
    verdicts[0]!
  )
}
