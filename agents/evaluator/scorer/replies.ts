import type { Prediction } from '../../../schemas/runtime-protocol.ts'
import type { NoAnswer } from '../../../schemas/score.ts'
import type { Item, ReplyScore } from '../../../schemas/task.ts'
import type { AnswerForm } from '../../../tasks/answer-form.ts'
import { foldText } from '../../../tasks/scorers/fold-text.ts'

/** Words that a copy of the question may add to it. */
const addedWords = 3
/** A piece of the user's turn with fewer words than these may be an answer. */
const leastCopied = 4

/** Why a reply is no answer; null where it is one, as every right reply is. */
export async function whyNoAnswer(
  { text, finish }: Pick<Prediction, 'text' | 'finish'>,
  item: Pick<Item, 'instruction' | 'input'>,
  score: ReplyScore,
  form: AnswerForm,
): Promise<NoAnswer | null> {
  if (score.strict || score.lenient) return null
  if (text.trim() === '') return 'empty'
  if (finish === 'length') return 'truncated'
  if (isEcho(text, item)) return 'echo'
  return (await form.reads(text, score)) ? null : 'formless'
}

/** Whether a reply is the question, or a piece of the user's turn, with hardly a word of its own. */
function isEcho(text: string, { instruction, input }: Pick<Item, 'instruction' | 'input'>): boolean {
  const [replied, asked] = [wordsOf(text), wordsOf(input)]
  const turn = [...wordsOf(instruction), ...asked].join(' ')
  if (replied.length >= leastCopied && ` ${turn} `.includes(` ${replied.join(' ')} `)) return true
  const isWhole = asked.length > 0 && ` ${replied.join(' ')} `.includes(` ${asked.join(' ')} `)
  return isWhole && replied.length <= asked.length + addedWords
}

const wordsOf = (text: string): string[] =>
  foldText(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

type Replied = { reply: string; score: Pick<ReplyScore, 'extracted'> }

/** What makes two replies the same answer: what the scorer compares of them, else their text. */
export const answerKey = ({ reply, score: { extracted } }: Replied): string => foldText(extracted ?? reply)

/** A student model's answers with how often it gave each, the most frequent first, then as they come. */
export function answersByFrequency<R extends Replied>(graded: readonly R[]): { key: string; replies: R[] }[] {
  return [...Map.groupBy(graded, answerKey)]
    .map(([key, replies]) => ({ key, replies }))
    .toSorted((one, other) => other.replies.length - one.replies.length)
}

/** The answer that a student model gave most often; null where it gave none twice. */
export function modalKey(graded: readonly Replied[]): string | null {
  const [first] = answersByFrequency(graded)
  return first && first.replies.length > 1 ? first.key : null
}
