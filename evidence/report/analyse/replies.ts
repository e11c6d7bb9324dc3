import { type ItemOutcome, NoAnswer } from '../../../schemas/score.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import { isRight, type TrivialScore } from '../../../schemas/trivial.ts'
import type { ReplyFacts } from '../contrasts.ts'
import type { Adapters, ArmScores } from './arm-scores.ts'
import { shortAnswerOf, type ValidationAnswers } from './trivial.ts'

/**
 * A candidate has collapsed where its modal answer is what it gives whatever is asked: of the items that this answer is wrong for, which
 * are `leastWrong` of all at least, it gave it to `mostly` of them or more. So a student that is right on most items, or that says "no" as
 * often as no is right, has not.
 */
const [leastWrong, mostly] = [0.2, 0.9]

/** Whether a candidate's replies depend on what is asked no more than this; `modal`: its modal reply given to every item. */
export function hasCollapsed(items: readonly ItemOutcome[], modal: TrivialScore | undefined, mode: ScoreMode): boolean {
  if (!modal || modal.marks.length !== items.length) return false
  const wrong = items.filter((_, at) => !isRight(modal, at, mode))
  const given = wrong.filter((item) => item.modal).length
  return wrong.length >= leastWrong * items.length && given >= mostly * wrong.length
}

/** A student model's modal reply given to every item: the first that is recorded. */
export const modalOf = (trivial: readonly TrivialScore[], studentModel: string): TrivialScore | undefined =>
  trivial.find((score) => score.kind === 'reply' && score.studentModel === studentModel)

/** The seed of the adapter that gave its modal answer most often, the first of several. */
export function mostModal({ seeds }: Adapters): number {
  const counts = seeds.map(({ index, items }) => ({ index, modal: items.filter((item) => item.modal).length }))
  return counts.reduce((one, other) => (other.modal > one.modal ? other : one)).index
}

/** An arm's adapters, each with whether it has collapsed. */
export type Seen = Omit<ArmScores, 'seeds'> & {
  seeds: { index: number; items: readonly ItemOutcome[]; collapsed: boolean }[]
}

/** The name of an arm's student model; an arm with another's dataset has that one's. */
export const modelOf = ({ arm, sameAs }: Pick<ArmScores, 'arm' | 'sameAs'>, seedIndex: number): string =>
  seedIndex === 1 ? (sameAs ?? arm) : `${sameAs ?? arm}-s${seedIndex}`

/** The arms with what their replies were like. */
export const withCollapsed = (arms: readonly ArmScores[], trivial: readonly TrivialScore[], mode: ScoreMode): Seen[] =>
  arms.map((scores) => ({
    ...scores,
    seeds: scores.seeds.map((seed) => ({
      ...seed,
      collapsed: hasCollapsed(seed.items, modalOf(trivial, modelOf(scores, seed.index)), mode),
    })),
  }))

/** What an arm's adapters replied, all together. */
export function replyFacts(
  { arm, seeds }: Seen,
  modalScore: TrivialScore | undefined,
  answers: ValidationAnswers,
): ReplyFacts {
  const all = seeds.flatMap(({ items }) => items)
  const modal = seeds.map(({ items }) => items.filter((item) => item.modal).length)
  const count = (why: NoAnswer) => all.filter((item) => item.noAnswer === why).length
  return {
    arm,
    replies: all.length,
    items: seeds[0]!.items.length,
    noAnswer: Object.fromEntries(NoAnswer.options.map((why) => [why, count(why)])) as ReplyFacts['noAnswer'],
    modal: Math.max(...modal),
    modalAnswer: shortAnswerOf(answers, modalScore?.item),
    collapsed: seeds.filter(({ collapsed }) => collapsed).length,
  }
}

/** Whether a reply of an adapter says nothing of what it knows: it is no answer, or, wrong, the one answer of a collapsed adapter. */
const isSilent = (item: ItemOutcome, collapsed: boolean, mode: ScoreMode): boolean =>
  !item[mode] && (item.noAnswer !== undefined || (collapsed && item.modal === true))

/** Of an arm's replies, those that say nothing of what it knows. */
export const silentReplies = ({ seeds }: Seen, mode: ScoreMode): { silent: number; of: number } => ({
  silent: seeds.reduce(
    (sum, { items, collapsed }) => sum + items.filter((item) => isSilent(item, collapsed, mode)).length,
    0,
  ),
  of: seeds.reduce((sum, { items }) => sum + items.length, 0),
})

/** An arm's share right of the chosen items that it answered; null where it answered none. */
export function shareAnswered({ seeds }: Seen, chosen: (item: ItemOutcome) => boolean, mode: ScoreMode): number | null {
  const answered = seeds.flatMap(({ items, collapsed }) =>
    items.filter((item) => chosen(item) && !isSilent(item, collapsed, mode)),
  )
  return answered.length === 0 ? null : answered.filter((item) => item[mode]).length / answered.length
}

/**
 * An arm with the results of `final` in place of its own replies that say nothing, adapter by adapter: what is better than that is better
 * on the items that the arm did answer.
 */
export function inFavour({ seeds }: Seen, final: Adapters, mode: ScoreMode): Adapters {
  return {
    seeds: seeds.map(({ index, items, collapsed }) => {
      const own = final.seeds.find((seed) => seed.index === index) ?? final.seeds[0]!
      const byId = new Map(own.items.map((item) => [item.id, item]))
      return {
        index,
        items: items.map((item) => {
          const twin = byId.get(item.id)
          if (!twin || !isSilent(item, collapsed, mode)) return item
          return { ...item, strict: twin.strict, lenient: twin.lenient }
        }),
      }
    }),
  }
}
