import type { ItemOutcome } from '../../../schemas/score.ts'
import { goldsOf, type Item } from '../../../schemas/task.ts'
import { isRight, type TrivialScore } from '../../../schemas/trivial.ts'
import { type AnswerForm, answerForm, distinctAnswers, scoreOf } from '../../../tasks/answer-form.ts'
import type { TaskScorer } from '../../../tasks/score-with.ts'
import { foldText } from '../../../tasks/scorers/fold-text.ts'
import { type Graded, scoreSheet } from './grading.ts'
import { answersByFrequency } from './replies.ts'

/** Different answers of a set that are tried as the one reply to all its items, the most frequent first. */
const triedAnswers = 32
/** Of a student model, so many of its most frequent replies. */
const triedReplies = 3

/**
 * What answering without knowing anything scores on a set: an item's answer to every item, nothing, the question itself, the label that
 * the question names, the longest of its options. It follows from the items and the scorer. `known`: items whose answers are no secret.
 */
export async function trivialScores(
  items: readonly Item[],
  scorer: TaskScorer,
  known: readonly Item[] = items,
): Promise<TrivialScore[]> {
  const form = await answerForm(items, scorer)
  const answers = distinctAnswers(items)
  const open = new Map(known.toReversed().map(({ answer, id }) => [answer, id]))
  const own = new Map(items.toReversed().map(({ answer, id }) => [answer, id]))
  const inForm = (answer: string) => scorer.inForm(answer).catch(() => answer)
  const scored: TrivialScore[] = []
  for (const answer of answers.slice(0, triedAnswers)) {
    const reply = await inForm(answer)
    const item = open.get(answer) ?? own.get(answer)!
    scored.push({ kind: 'gold', item, ...(await marksOf(items, scorer, () => reply)) })
  }
  scored.push({ kind: 'empty', ...(await marksOf(items, scorer, () => '')) })
  scored.push({ kind: 'question', ...(await marksOf(items, scorer, ({ input }) => input)) })
  const named = namedLabels(items, form)
  if (named) {
    scored.push({ kind: 'named-label', ...(await marksOf(items, scorer, (_, at) => inForm(named[at]!.first))) })
    scored.push({ kind: 'last-label', ...(await marksOf(items, scorer, (_, at) => inForm(named[at]!.last))) })
  }
  const numbers = items.map(({ input }) => numbersIn(input))
  if (answers.every(isNumber) && numbers.some((each) => each.length > 0)) {
    const [first, largest] = [numbers.map(([one]) => one ?? ''), numbers.map(largestOf)]
    scored.push({ kind: 'first-number', ...(await marksOf(items, scorer, (_, at) => inForm(first[at]!))) })
    scored.push({ kind: 'largest-number', ...(await marksOf(items, scorer, (_, at) => inForm(largest[at]!))) })
  }
  const options = items.map(longestOption)
  if (options.some((letter) => letter !== null) && answers.every((answer) => /^\W*[A-Za-z]\W*$/.test(answer)))
    scored.push({ kind: 'longest-option', ...(await marksOf(items, scorer, (_, at) => inForm(options[at] ?? ''))) })
  return scored
}

/**
 * What a student model's most frequent replies score when each is given to every item, the modal one first; and where it names several
 * labels at once, what all of them in one reply score: a scorer that looks for the answer anywhere takes that for an answer.
 */
export async function replyScores(
  studentModel: string,
  graded: readonly Graded[],
  scorer: TaskScorer,
  known: readonly Item[],
): Promise<TrivialScore[]> {
  const items = graded.map(({ item }) => item)
  const scored: TrivialScore[] = []
  for (const { key, replies } of answersByFrequency(graded).slice(0, triedReplies)) {
    if (replies.length < 2) break
    const { reply } = replies[0]!
    const same = known.find(({ answer }) => foldText(answer) === key)
    scored.push({
      kind: 'reply',
      studentModel,
      ...(same && { item: same.id }),
      ...(await marksOf(items, scorer, () => reply)),
    })
  }
  const { labels } = await answerForm(items, scorer)
  if (await hedges(graded, labels, scorer)) {
    const every = labels.join(', ')
    scored.push({ kind: 'every-answer', studentModel, ...(await marksOf(items, scorer, () => every)) })
  }
  return scored
}

/**
 * So many of a student model's replies are looked at, spread over the set; where this share is right for several labels, it names them all.
 */
const [triedHedges, hedgedShare] = [100, 0.2]

/** Whether a student model's right replies are right for other labels too, which the right label by itself is not. */
async function hedges(graded: readonly Graded[], labels: readonly string[], scorer: TaskScorer): Promise<boolean> {
  const step = Math.ceil(graded.length / triedHedges)
  const tried = graded.filter(({ outcome }, at) => at % step === 0 && outcome.lenient)
  const fits = async (reply: string, label: string) => (await scoreOf(scorer, reply, label)).lenient
  let hedged = 0
  for (const { reply, item } of tried) {
    for (const label of labels) {
      if (!(await fits(reply, label)) || (await fits(item.answer, label))) continue
      hedged += 1
      break
    }
  }
  return hedged > 0 && hedged >= hedgedShare * tried.length
}

/**
 * Those of the scores that say something: of each part and of the whole set, by either mode, the best, the first of several; and of each
 * student model what its modal reply scores.
 */
export function worthTelling(items: readonly Pick<Item, 'part'>[], scores: readonly TrivialScore[]): TrivialScore[] {
  const parts: (string | null)[] = [null, ...new Set(items.map(({ part }) => part))]
  const best = (['strict', 'lenient'] as const).flatMap((mode) =>
    parts.map((part) => {
      const right = (score: TrivialScore) =>
        items.filter((item, at) => (part === null || item.part === part) && isRight(score, at, mode)).length
      return scores.reduce((one, other) => (right(other) > right(one) ? other : one), scores[0]!)
    }),
  )
  const kept = new Set([...best, ...[...Map.groupBy(scores, ({ studentModel }) => studentModel)].flatMap(modalOf)])
  return scores.filter((score) => kept.has(score))
}

const modalOf = ([studentModel, scores]: [string | undefined, TrivialScore[]]): TrivialScore[] =>
  studentModel === undefined ? [] : scores.slice(0, 1)

async function marksOf(
  items: readonly Item[],
  { score }: TaskScorer,
  replyTo: (item: Item, at: number) => string | Promise<string>,
): Promise<Pick<TrivialScore, 'marks' | 'sheet'>> {
  const marks: number[] = []
  const outcomes: ItemOutcome[] = []
  for (const [at, item] of items.entries()) {
    const { strict, lenient } = await score(await replyTo(item, at), goldsOf(item), item)
    marks.push(Number(strict) + 2 * Number(lenient))
    outcomes.push({ id: item.id, part: item.part, skill: item.skill, strict, lenient, truncated: false })
  }
  const { overall, byPart } = scoreSheet(outcomes)
  return { marks: marks.join(''), sheet: { overall, byPart } }
}

/** For each item the labels that its question names first and last, else the most frequent one; null where no question names one. */
function namedLabels(items: readonly Item[], { labels }: AnswerForm): { first: string; last: string }[] | null {
  const folded = labels.map((label) => ({ label, words: spaced(label) }))
  const named = items.map(({ input }) => {
    const text = spaced(input)
    const found = folded.filter(({ words }) => text.includes(words))
    if (found.length === 0) return null
    const [first] = found.toSorted((one, other) => text.indexOf(one.words) - text.indexOf(other.words))
    const [last] = found.toSorted((one, other) => text.lastIndexOf(other.words) - text.lastIndexOf(one.words))
    return { first: first!.label, last: last!.label }
  })
  const usual = { first: labels[0]!, last: labels[0]! }
  return named.every((each) => each === null) ? null : named.map((each) => each ?? usual)
}

/** The whole numbers and decimals of a text as they stand there, without the comma of thousands. */
const numbersIn = (text: string): string[] =>
  [...foldText(text).matchAll(/(?<!\d)-?\d+(?:,\d{3})*(?:\.\d+)?/g)].map(([number]) => number.replaceAll(',', ''))

const isNumber = (answer: string): boolean => /^[\s$€£+−-]*\d/.test(foldText(answer))

const largestOf = (numbers: readonly string[]): string =>
  numbers.reduce((one, other) => (Number(other) > Number(one) ? other : one), numbers[0] ?? '')

const spaced = (text: string): string =>
  ` ${foldText(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `

/** An option of a question: its letter at the start of a line, then its text. */
const option = /^[^\S\r\n\u2028\u2029]*\(?([A-J])[.):]\s+(\S.*)$/gm

/** The letter of the longest option that a question lists; null where it lists fewer than two, the first of them A. */
function longestOption({ input }: Pick<Item, 'input'>): string | null {
  const options = [...input.matchAll(option)].map(([, letter, text]) => ({
    letter: letter!,
    length: text!.trim().length,
  }))
  if (options.length < 2 || options[0]!.letter !== 'A') return null
  return options.reduce((one, other) => (other.length > one.length ? other : one)).letter
}
