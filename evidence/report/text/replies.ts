import type { NoAnswer } from '../../../schemas/score.ts'
import type { ReplyFacts, TrivialBaseline } from '../contrasts.ts'
import { numberText } from './format.ts'
import { labelOf } from './names.ts'

const lower = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

/** How a set is answered without knowing anything. */
export function trivialText({
  kind,
  candidate,
  answer,
}: Pick<TrivialBaseline, 'kind' | 'candidate' | 'answer'>): string {
  switch (kind) {
    case 'gold':
    case 'reply': {
      const whose = candidate === undefined ? '' : `, the most frequent of ${lower(labelOf(candidate))}`
      return `one answer to every item${answer === null ? whose : `, “${answer}”`}`
    }
    case 'empty':
      return 'an empty reply to every item'
    case 'every-answer':
      return 'all labels in one reply, to every item'
    case 'question':
      return 'the question as the reply'
    case 'named-label':
      return 'the label that the question names'
    case 'last-label':
      return 'the label that the question names last'
    case 'first-number':
      return 'the first number of the question'
    case 'largest-number':
      return 'the largest number of the question'
    case 'longest-option':
      return 'the longest option'
    default:
      return kind satisfies never
  }
}

/** The line of a plot that stands for it. */
export const trivialCaption = (trivial: TrivialBaseline | undefined): string =>
  trivial ? ` Dashed: the best answer that needs no student (${trivialText(trivial)}).` : ''

export const repliesAbsent =
  'What an answer that needs no student scores, and what the replies were like, is not told in this run, which was made before it was.'

const whyTexts: Readonly<Record<NoAnswer, string>> = {
  empty: 'empty',
  cut: 'cut at the token limit',
  echo: 'a copy of the question',
  formless: 'without an answer in the form that the scorer reads',
}

/** How many of an arm's replies are no answers. */
export const brokenReplies = ({ noAnswer }: Pick<ReplyFacts, 'noAnswer'>): number =>
  Object.values(noAnswer).reduce((sum, count) => sum + count, 0)

/** What of an arm's replies is no answer: `148 of 148 replies of the base student are no answers (148 cut at the token limit)`. */
export function brokenText(facts: ReplyFacts): string {
  const { arm, replies, noAnswer, collapsed } = facts
  if (collapsed > 0) return collapsedText(facts)
  const counts = Object.entries(noAnswer).filter(([, count]) => count > 0) as [NoAnswer, number][]
  const why = counts.map(([kind, count]) => `${numberText(count)} ${whyTexts[kind]}`).join(', ')
  return `${numberText(brokenReplies(facts))} of ${numberText(replies)} replies of the ${lower(labelOf(arm))} are no answers (${why})`
}

/** That an arm gives one answer whatever is asked. */
export function collapsedText({ arm, items, modal, modalAnswer }: ReplyFacts): string {
  const who = arm === 'final' ? 'The student collapsed: it gives' : `the ${lower(labelOf(arm))} has collapsed: it gives`
  return `${who} one answer${modalAnswer === null ? '' : `, “${modalAnswer}”,`} to ${numberText(modal)} of ${numberText(items)} items`
}

/** The arms as rows of a table: how often each gave its modal answer, and what of its replies is no answer, by why. */
export const replyLines = (replies: readonly ReplyFacts[]): string[][] =>
  replies.map(({ arm, replies: all, items, noAnswer, modal, modalAnswer, collapsed }) => [
    labelOf(arm),
    numberText(all),
    `${numberText(modal)} of ${numberText(items)}${modalAnswer === null ? '' : ` (“${modalAnswer}”)`}${collapsed > 0 ? ', collapsed' : ''}`,
    ...(['empty', 'cut', 'echo', 'formless'] as const).map((why) => numberText(noAnswer[why])),
  ])

export const replyHead = ['Arm', 'Replies', 'Its most frequent answer', 'Empty', 'Cut', 'A copy', 'No answer in form']

export const replyNote =
  'Replies that are not right, by why they are no answers: empty, cut at the token limit, a copy of the question, or without an answer that ' +
  'the scorer reads (of labels: none of them). The most frequent answer is that of the adapter that gives it most often. An adapter has collapsed ' +
  'where it gives that answer to nine in ten or more of the items that it is wrong for, and these are a fifth of all or more. A claim against ' +
  'an arm holds only where most of its replies are answers, and with the final’s own results in place of those that are none.'
