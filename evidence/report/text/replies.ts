import { plural } from '../../../schemas/number-text.ts'
import type { NoAnswer } from '../../../schemas/score.ts'
import type { TrivialKind } from '../../../schemas/trivial.ts'
import type { ReplyFacts, TrivialBaseline } from '../contrasts.ts'
import { numberText } from './format.ts'
import { labelOf, lower } from './names.ts'

/** How a set is answered without knowing anything. */
export function trivialText({
  kind,
  studentModel,
  answer,
}: Pick<TrivialBaseline, 'kind' | 'studentModel' | 'answer'>): string {
  if (kind !== 'gold' && kind !== 'reply') return trivialTexts[kind]
  const whose = studentModel === undefined ? '' : `, the most frequent of ${lower(labelOf(studentModel))}`
  return `one answer to every item${answer === null ? whose : `, “${answer}”`}`
}

const trivialTexts: Readonly<Record<Exclude<TrivialKind, 'gold' | 'reply'>, string>> = {
  empty: 'an empty reply to every item',
  'every-answer': 'all labels in one reply, to every item',
  question: 'the question as the reply',
  'named-label': 'the label that the question names',
  'last-label': 'the label that the question names last',
  'first-number': 'the first number of the question',
  'largest-number': 'the largest number of the question',
  'longest-option': 'the longest option',
}

const whyTexts: Readonly<Record<NoAnswer, string>> = {
  empty: 'empty',
  truncated: 'cut at the token limit',
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
  return `${numberText(brokenReplies(facts))} of ${numberText(replies)} ${plural(replies, 'reply', 'replies')} of the ${lower(labelOf(arm))} are no answers (${why})`
}

/** That an arm gives one answer whatever is asked. */
export function collapsedText({ arm, items, modal, modalAnswer }: ReplyFacts): string {
  const who = arm === 'final' ? 'The student collapsed: it gives' : `the ${lower(labelOf(arm))} has collapsed: it gives`
  return `${who} one answer${modalAnswer === null ? '' : `, “${modalAnswer}”,`} to ${numberText(modal)} of ${numberText(items)} ${plural(items, 'item')}`
}
