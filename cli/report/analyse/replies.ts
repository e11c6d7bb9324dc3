import { type ItemOutcome, NoAnswer } from '../../../schemas/score.ts'
import { isRight, type TrivialScore } from '../../../schemas/trivial.ts'
import type { ReplyFacts } from '../contrasts.ts'
import type { Adapters, ArmScores, Mode } from './arm-scores.ts'
import { type Answers, answerOf } from './trivial.ts'

/**
 * A candidate has collapsed where its modal answer is what it gives whatever is asked: of the items that this answer is wrong for, which
 * are `leastWrong` of all at least, it gave it to `mostly` of them or more. So a student that is right on most items, or that says "no" as
 * often as no is right, has not.
 */
const [leastWrong, mostly] = [0.2, 0.9]

/** Whether a candidate's replies depend on what is asked no more than this; `modal`: its modal reply given to every item. */
export function hasCollapsed(items: readonly ItemOutcome[], modal: TrivialScore | undefined, mode: Mode): boolean {
  if (!modal || modal.marks.length !== items.length) return false
  const wrong = items.filter((_, at) => !isRight(modal, at, mode))
  const given = wrong.filter((item) => item.modal).length
  return wrong.length >= leastWrong * items.length && given >= mostly * wrong.length
}

/** A candidate's modal reply given to every item: the first that is told of it. */
export const modalOf = (trivial: readonly TrivialScore[], candidate: string): TrivialScore | undefined =>
  trivial.find((score) => score.kind === 'reply' && score.candidate === candidate)

/** The seed of the adapter that gave its modal answer most often, the first of several. */
export function mostModal({ seeds }: Adapters): number {
  const counts = seeds.map(({ index, items }) => ({ index, modal: items.filter((item) => item.modal).length }))
  return counts.reduce((one, other) => (other.modal > one.modal ? other : one)).index
}

/** Why a reply is no answer. A log from before that was told says whether it was cut alone. */
export const whyNone = ({ noAnswer, strict, lenient, cut }: ItemOutcome): NoAnswer | null =>
  noAnswer ?? (cut && !strict && !lenient ? 'cut' : null)

/** An arm's adapters, each with whether it has collapsed. */
export type Seen = Omit<ArmScores, 'seeds'> & {
  seeds: { index: number; items: readonly ItemOutcome[]; collapsed: boolean }[]
}

/** The name of an arm's candidate; an arm with another's dataset has that one's. */
export const candidateOf = ({ arm, sameAs }: Pick<ArmScores, 'arm' | 'sameAs'>, seedIndex: number): string =>
  seedIndex === 1 ? (sameAs ?? arm) : `${sameAs ?? arm}-s${seedIndex}`

/** The arms with what their replies were like. */
export const withCollapsed = (arms: readonly ArmScores[], trivial: readonly TrivialScore[], mode: Mode): Seen[] =>
  arms.map((scores) => ({
    ...scores,
    seeds: scores.seeds.map((seed) => ({
      ...seed,
      collapsed: hasCollapsed(seed.items, modalOf(trivial, candidateOf(scores, seed.index)), mode),
    })),
  }))

/** What an arm's adapters replied, all together. */
export function replyFacts({ arm, seeds }: Seen, modalScore: TrivialScore | undefined, answers: Answers): ReplyFacts {
  const all = seeds.flatMap(({ items }) => items)
  const modal = seeds.map(({ items }) => items.filter((item) => item.modal).length)
  const count = (why: NoAnswer) => all.filter((item) => whyNone(item) === why).length
  return {
    arm,
    replies: all.length,
    items: seeds[0]!.items.length,
    noAnswer: Object.fromEntries(NoAnswer.options.map((why) => [why, count(why)])) as ReplyFacts['noAnswer'],
    modal: Math.max(...modal),
    modalAnswer: answerOf(answers, modalScore?.item),
    collapsed: seeds.filter(({ collapsed }) => collapsed).length,
  }
}

/**
 * An arm with everything in its favour that it did not answer: a reply that is no answer counts as right, and so does the modal answer of a
 * collapsed adapter. What is better than that is better than what the arm would have been, had it answered. Null where nothing changes.
 */
export function inFavour({ seeds }: Seen): (Adapters & { counted: number }) | null {
  let counted = 0
  const favoured = seeds.map(({ index, items, collapsed }) => ({
    index,
    items: items.map((item) => {
      const isBroken = whyNone(item) !== null || (collapsed && item.modal === true)
      if (!isBroken || (item.strict && item.lenient)) return item
      counted += 1
      return { ...item, strict: true, lenient: true }
    }),
  }))
  return counted === 0 ? null : { seeds: favoured, counted }
}
