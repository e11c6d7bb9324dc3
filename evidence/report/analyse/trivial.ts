import type { ItemOutcome } from '../../../schemas/score.ts'
import type { EvalSetName } from '../../../schemas/sealed-results.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import { shorten } from '../../../schemas/text.ts'
import { isRight, type SealedTrivial, type TrivialScore } from '../../../schemas/trivial.ts'
import type { TrivialBaseline } from '../contrasts.ts'
import type { Adapters } from './arm-scores.ts'
import { differenceOf, type How } from './difference.ts'

/** The answers of validation by item: those of sealed sets are not known here. */
export type ValidationAnswers = ReadonlyMap<string, string>

const maxAnswerChars = 60

/** The answer of a validation item, cut where it is long; null of an item that is none. */
export function shortAnswerOf(answers: ValidationAnswers, item: string | undefined): string | null {
  const answer = answers.get(item ?? '')
  return answer === undefined ? null : shorten(answer, maxAnswerChars)
}

/**
 * The best that answering without knowing anything scores on the chosen items of a set, the first of several, and what `adapters` score
 * minus it on the same items. It is the best in hindsight, so no such answer that is fixed beforehand is expected to reach it: what is not
 * above it is not above any of them.
 */
export function trivialBaseline(
  items: readonly ItemOutcome[],
  trivial: readonly TrivialScore[],
  adapters: Adapters | undefined,
  chosen: (item: ItemOutcome) => boolean,
  mode: ScoreMode,
  { answers, ...how }: How & { answers: ValidationAnswers },
): TrivialBaseline | null {
  const best = bestTrivial(items, trivial, chosen, mode)
  if (!best) return null
  const { kind, item, studentModel } = best.score
  return {
    kind,
    ...(studentModel !== undefined && { studentModel }),
    answer: shortAnswerOf(answers, item),
    value: best.share,
    difference: adapters ? differenceOf(adapters, asAdapter(items, best.score), chosen, mode, how) : null,
  }
}

/** The way of answering that is right most often on the chosen items of a set, the first of several, and its share right. */
export function bestTrivial(
  items: readonly ItemOutcome[],
  trivial: readonly TrivialScore[],
  chosen: (item: ItemOutcome) => boolean,
  mode: ScoreMode,
): { score: TrivialScore; share: number } | null {
  const asked = items.map(chosen)
  const total = asked.filter(Boolean).length
  const known = trivial.filter(({ marks }) => marks.length === items.length)
  const counted = known.map((score) => ({
    score,
    right: asked.filter((is, at) => is && isRight(score, at, mode)).length,
  }))
  if (total === 0 || counted.length === 0) return null
  const { score, right } = counted.reduce((one, other) => (other.right > one.right ? other : one))
  return { score, share: right / total }
}

/** The ways of answering one evaluation set. */
export const trivialOn = ({ trivial }: { trivial: readonly SealedTrivial[] }, evalSet: EvalSetName): SealedTrivial[] =>
  trivial.filter((score) => score.evalSet === evalSet)

/** A way of answering as if it were an adapter. */
export const asAdapter = (items: readonly ItemOutcome[], score: TrivialScore): Adapters => ({
  seeds: [
    {
      index: 1,
      items: items.map((item, at) => ({
        ...item,
        strict: isRight(score, at, 'strict'),
        lenient: isRight(score, at, 'lenient'),
      })),
    },
  ],
})
