import { lastBoxed } from '../answer/boxes.ts'

/** More of an answer than this is not read. */
const maxChars = 2_000
const phrase = /(?:final )?answer is/gi
const sentenceEnd = /[.!?](?=\s+\S)|!\s*$|\n\s*\n/

/**
 * The answer that a reply ends with, as text: what follows its last "answer is", up to the end of the sentence, without the
 * marks around it; else the content of its last box; else the last number of the reply. Null where there is none. Linear.
 */
export const finalAnswer = (response: string): string | null => statedAnswer(response) ?? lastNumber(response)

/** What follows the last "answer is", or the content of the last box. */
export function statedAnswer(response: string): string | null {
  let start = -1
  for (const match of response.matchAll(phrase)) start = match.index + match[0].length
  if (start >= 0) {
    const text = stripMarks(firstSentence(response.slice(start, start + maxChars)))
    if (text !== '') return text
  }
  const boxed = lastBoxed(response)
  return boxed === null ? null : stripMarks(boxed)
}

function firstSentence(text: string): string {
  const trimmed = text.replace(/^[\s:*]+/, '')
  const end = sentenceEnd.exec(trimmed)?.index
  return end === undefined ? trimmed : trimmed.slice(0, end)
}

/** Markdown emphasis, math delimiters and a box around the answer. */
function stripMarks(text: string): string {
  return (lastBoxed(text) ?? text)
    .slice(0, maxChars)
    .replace(/\*\*|\\[()[\]]|\\[,;!]|\\(?=[$%])/g, '')
    .replace(/\\(?:text|mathrm|mathbf)\{([^{}]*)\}/g, '$1')
    .trim()
    .replace(/\.+$/, '')
    .trim()
}

const number = /[-+]?[$€£]?\d+(?:,\d+)*(?:\.\d+)?%?/g

function lastNumber(response: string): string | null {
  let last: string | null = null
  for (const match of response.slice(-20_000).matchAll(number)) last = match[0]
  return last
}
