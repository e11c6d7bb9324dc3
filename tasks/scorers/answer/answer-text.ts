import { boxesOf } from './boxes.ts'
import { labelledAnswers } from './labels.ts'
import { repairCommands } from './plain-text.ts'
import { withoutThoughts } from './thoughts.ts'

/** A text in which a reply gives its answer. `isBefore`: the answer is what this text ends with ("… 12 is the answer"). */
export type AnswerText = { from: 'box' | 'label'; text: string; isBefore: boolean }

const correction =
  /\b(?:wait|actually|correction|scratch that|on second thoughts?|i (?:made|see) (?:a|an|my) (?:mistake|error)|i was wrong|let me (?:correct|fix)|apologies|my mistake|that(?:'s| is) (?:wrong|incorrect|not right))\b|更正|等等|不对/gi

/** A reply as all readers of final answers see it: without thoughts, with the commands of LaTeX that JSON has spoilt. */
export function readableReply(reply: string): string {
  return repairCommands(withoutThoughts(reply))
}

/**
 * Where a reply (see `readableReply`) says its answer, the best place first: its boxes, the last first; then its labels, the last first. A label
 * behind a word of correction ("Wait, …") that stands behind the last box comes before the boxes. Linear.
 */
export function* answerTexts(reply: string): Generator<AnswerText> {
  const boxes = boxesOf(reply)
  const labels = labelledAnswers(reply)
  const lastBox = boxes[0]?.index ?? -1
  let corrected = Number.POSITIVE_INFINITY
  if (lastBox >= 0) for (const { index } of reply.slice(lastBox).matchAll(correction)) corrected = lastBox + index
  const after = labels.filter(({ index }) => index > corrected)
  for (const { text, isBefore } of after) yield { from: 'label', text, isBefore }
  for (const { text } of boxes) yield { from: 'box', text, isBefore: false }
  for (const { text, isBefore } of labels) yield { from: 'label', text, isBefore }
}

const sentenceEnd = /[.!?](?=\s+[^\s=×*+/\-\d]|\s*$)|[。！？]|!(?=\s|$)/g
const numberLike =
  /[\p{Nd}¼-¾⅐-⅞]|\\(?:frac|pi|sqrt)|π|√|∞|infinity|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|teen|thirty|forty|fifty|twenty|half|hundred/iu

/** The first line of an answer, up to the end of the first sentence in which a number stands, without the mark that ends it. */
export function numberSentence(text: string): string {
  const line = firstLine(text)
  for (const { index } of line.matchAll(sentenceEnd)) {
    const sentence = line.slice(0, index)
    if (numberLike.test(sentence)) return sentence
  }
  return line.replace(/[.!。！]+\s*$/, '')
}

/** The first line that is not blank. */
export function firstLine(text: string): string {
  const start = /^\s*/.exec(text)![0].length
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? undefined : end).slice(0, 4_000)
}

/** The text up to a blank line. */
export function paragraph(text: string): string {
  const start = /^\s*/.exec(text)![0].length
  const end = text.slice(start).search(/\n[^\S\n]*\n/)
  return end < 0 ? text.slice(start) : text.slice(start, start + end)
}
