import type { Item, ReplyScore, ScoreMode } from '../schemas/task.ts'
import type { TaskScorer } from './score-with.ts'
import { foldText } from './scorers/fold-text.ts'

/** A set whose answers are so few that each stands for this many items in the mean is one of labels. */
export const itemsPerLabel = 5
/** More different answers than these are no labels. */
export const maxLabels = 50

/** What a reply has to be for the task's scorer to read an answer in it. */
export type AnswerForm = {
  /** The different answers of a set of labels, the most frequent first; empty where answers are not labels. */
  labels: readonly string[]
  /** Whether the scorer reads an answer in a reply; of labels, whether it reads one of them. `score` is the reply's own. */
  reads(reply: string, score: Pick<ReplyScore, 'extracted' | 'lenient'>): Promise<boolean>
  /** The same of a reply to a question that is none of the set's, such as a training row's; of labels by either mode of scoring. */
  fits(reply: string, mode?: ScoreMode): Promise<boolean>
}

type Answered = Pick<Item, 'answer'>

/**
 * The form of a set's answers, from its items and its scorer. Answers are labels where they are no numbers, each stands for five items or
 * more in the mean, and the scorer reads each of them in its own form.
 */
export async function answerForm(items: readonly Answered[], scorer: TaskScorer): Promise<AnswerForm> {
  const labels = await labelsOf(items, scorer)
  const isStated = labels.length === 0 && (await states(items, scorer))
  const known = new Map<string, Promise<boolean>>()
  const reads: AnswerForm['reads'] = async (reply, score) => {
    if (score.lenient) return true
    if (labels.length === 0) return reply.trim() !== '' && (score.extracted !== null || !isStated)
    const held = known.get(reply) ?? isOneOf(labels, reply, scorer)
    known.set(reply, held)
    return held
  }
  return {
    labels,
    reads,
    fits: async (reply, mode = 'lenient') => {
      if (mode === 'strict' && labels.length > 0) return isOneOf(labels, reply, scorer, mode)
      return reads(reply, items[0] ? await scoreOf(scorer, reply, items[0].answer) : unread)
    },
  }
}

/** The different answers of a set, the most frequent first, then as they come. */
export function distinctAnswers(items: readonly Answered[]): string[] {
  const counts = new Map<string, number>()
  for (const { answer } of items) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts].toSorted(([, one], [, other]) => other - one).map(([answer]) => answer)
}

/** Whether the different answers of so many items may be labels: few, and no numbers. */
export const couldBeLabels = (answers: readonly string[], items: number): boolean =>
  answers.length <= maxLabels &&
  answers.length * itemsPerLabel <= items &&
  !answers.some((answer) => /^[\s\d.,+−-]*\d/.test(foldText(answer)))

async function labelsOf(items: readonly Answered[], scorer: TaskScorer): Promise<string[]> {
  const answers = distinctAnswers(items)
  if (!couldBeLabels(answers, items.length)) return []
  for (const answer of answers) if (!(await isRead(answer, scorer))) return []
  return answers
}

const isRead = async (answer: string, scorer: TaskScorer): Promise<boolean> =>
  (await scoreOf(scorer, await scorer.inForm(answer).catch(() => answer), answer)).lenient

async function isOneOf(
  labels: readonly string[],
  reply: string,
  scorer: TaskScorer,
  mode: ScoreMode = 'lenient',
): Promise<boolean> {
  for (const label of labels) if ((await scoreOf(scorer, reply, label))[mode]) return true
  return false
}

/** Whether the scorer says what it extracts: a script need not. */
async function states([first]: readonly Answered[], scorer: TaskScorer): Promise<boolean> {
  if (!first) return false
  const own = await scorer.inForm(first.answer).catch(() => first.answer)
  return (await scoreOf(scorer, own, first.answer)).extracted !== null
}

/** A gold that the scorer cannot read raises; then nothing is right about the reply. */
export const scoreOf = async (
  { score }: TaskScorer,
  reply: string,
  answer: string,
): Promise<Pick<ReplyScore, 'extracted' | ScoreMode>> => score(reply, answer).catch(() => unread)

const unread: Pick<ReplyScore, 'extracted' | ScoreMode> = { strict: false, lenient: false, extracted: null }
