import { withoutThoughts } from '../../reply/thoughts.ts'
import { trimMarks } from '../fold-text.ts'
import { boxesOf } from './boxes.ts'
import { labelledAnswers } from './labels.ts'
import { repairCommands } from './plain-text.ts'

/**
 * A text in which a reply gives its answer. `isBefore`: the answer is what this text ends with ("… 12 is the answer"). `isSaid`: it stands
 * in a sentence, so that an exclamation mark ends it and is no factorial.
 */
export type AnswerText = { from: 'box' | 'label'; text: string; isBefore: boolean; isStated: boolean }

const correction =
  /\b(?:wait|actually|correction|scratch that|on second thoughts?|i (?:made|see) (?:a|an|my) (?:mistake|error)|i was wrong|let me (?:correct|fix)|apologies|my mistake|that(?:'s| is) (?:wrong|incorrect|not right))\b|更正|等等|不对/gi

/** A token that ends a turn, as it stands in replies of models that were served without their template. */
const turnEnd =
  /<\|(?:im_end|im_start|eot_id|eom_id|end|endoftext|end_of_text|assistant|user)\|>|<\/s>|<end_of_turn>|\[\/?INST\]/
/** A further question, which a model that was shown several writes by itself. */
const nextQuestion =
  /(?<=\n)[^\S\n]*(?:#{1,4}[^\S\n]*)?\**(?:Question|Problem|Exercise|Q|User|Human)\**[^\S\n]*(?:\d+[^\S\n]*)?:/

/**
 * A reply as all readers of final answers see it: without thoughts, up to the end of its turn and, where it has answered, up to a question
 * that it asks itself; with the commands of LaTeX that JSON has spoilt.
 */
export function readableReply(reply: string): string {
  const text = repairCommands(withoutThoughts(reply).answer)
  const end = turnEnd.exec(text)?.index
  const turn = end === undefined || text.slice(0, end).trim() === '' ? text : text.slice(0, end)
  const next = nextQuestion.exec(turn)?.index
  if (next === undefined) return turn
  const answered = turn.slice(0, next)
  return boxesOf(answered).length > 0 || labelledAnswers(answered).length > 0 ? answered : turn
}

/**
 * Where a reply (see `readableReply`) says its answer, the best place first: its boxes, the last first; then its labels, the last first.
 * Behind the last box, a label with "final", or one behind a word of correction ("Wait, …"), comes before the boxes. Linear.
 */
export function* answerTexts(reply: string): Generator<AnswerText> {
  const boxes = boxesOf(reply)
  const labels = labelledAnswers(reply)
  const lastBox = boxes[0]?.index ?? -1
  let corrected = Number.POSITIVE_INFINITY
  if (lastBox >= 0) for (const { index } of reply.slice(lastBox).matchAll(correction)) corrected = lastBox + index
  const after = labels.filter(({ index, isFinal }) => index > corrected || (isFinal && index > lastBox && lastBox >= 0))
  for (const each of after) yield { from: 'label', ...each }
  for (const { text } of boxes) yield { from: 'box', text, isBefore: false, isStated: false }
  for (const each of labels) yield { from: 'label', ...each }
}

const sentenceEnd = /[.?](?=\s+[^\s=×*+/\-\d]|\s*$)|[。！？]|!(?=\s+[\p{Lu}"'(]|\s*$)/gu
const numberLike =
  /[\p{Nd}¼-¾⅐-⅞]|\\(?:frac|pi|sqrt)|π|√|∞|infinity|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|teen|thirty|forty|fifty|twenty|half|hundred/iu

/**
 * The first line of an answer, up to the end of the first sentence in which a number stands, without the mark that ends it. An exclamation
 * mark ends what is said; elsewhere it is kept.
 */
export function numberSentence(text: string, { isStated }: { isStated: boolean }): string {
  const line = firstLine(text)
  const loud = isStated ? '.!。！' : '.。'
  for (const { index } of line.matchAll(sentenceEnd)) {
    const sentence = line.slice(0, index)
    if (numberLike.test(sentence)) return line[index] === '!' && !isStated ? `${sentence}!` : sentence
  }
  return trimMarks(line, loud, { start: false })
}

/** The first line that is not blank. */
export function firstLine(text: string): string {
  const start = /^\s*/.exec(text)![0].length
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? undefined : end).slice(0, 4_000)
}

/** The text up to a blank line. */
export function firstParagraph(text: string): string {
  const start = /^\s*/.exec(text)![0].length
  const end = text.slice(start).search(/\n[^\S\n]*\n/)
  return end < 0 ? text.slice(start) : text.slice(start, start + end)
}
