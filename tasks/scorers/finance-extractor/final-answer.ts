import { valueAt } from '../answer/arithmetic.ts'
import { lastBoxed } from '../answer/boxes.ts'

/** More of an answer than this is not read. */
const maxChars = 2_000
const phrase = /(?:final )?answer is/gi
const sentenceEnd = /[.!?](?=\s+\S)|!\s*$|\n\s*\n/

/**
 * The answer that a reply ends with, as text: what follows its last "answer is", up to the end of the sentence, without the
 * marks around it; else the content of its last box; else the last number of the reply. Null where there is none. Linear.
 */
export function finalAnswer(response: string): string | null {
  let start = -1
  for (const match of response.matchAll(phrase)) start = match.index + match[0].length
  if (start >= 0) {
    const text = stripMarks(firstSentence(response.slice(start, start + maxChars)))
    if (text !== '') return text
  }
  const boxed = lastBoxed(response)
  if (boxed !== null) return stripMarks(boxed)
  return [...response.slice(-20_000).matchAll(number)].at(-1)?.[0] ?? null
}

const number = /[-+]?[$€£]?\d+(?:,\d+)*(?:\.\d+)?%?/g

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

/**
 * Reads the number that a person would read in a short answer: LaTeX and Markdown around it, a unit after it, thousands
 * separators, a fraction, a power, a sum, the Unicode minus.
 */

/** More of one expression is not read. */
const maxExpression = 400

const wrappers =
  /\\(?:textbf|textit|text(?!superscript)|mathrm|mathbf|mathit|mathsf|boldsymbol|bm|operatorname|mbox|rm|bf|displaystyle|left|right|!|,|;|:|quad|qquad| )|(?!(?<=[\d)}])\*\*[-+({]?\d|(?<=[\d)}] )\*\* [-+({]?\d)[`~*_$]{2,}|[`$~]|\\[()[\]$%]/g
/** Characters of no width, which some models write inside numbers. */
const invisible = /[\u200B-\u200D\u2060\uFEFF]/g
/** Braces that change nothing, and an exponent's letter in braces of its own. */
const idleBraces: [RegExp, string][] = [
  [/\{ ?\}/g, ''],
  [/\{ ?([×·]|\\times|\\cdot) ?\}/g, '$1'],
  [/(?<=\d) ?\{ ?([eE]) ?\} ?(?=[-+]?\d)/g, '$1'],
]
const vulgar: Readonly<Record<string, string>> = { '½': '1/2', '⅓': '1/3', '⅔': '2/3', '¼': '1/4', '¾': '3/4' }
/** A tab or a form feed with the rest of a command: an escape of JSON that was not meant as one. */
const unescaped: [RegExp, string][] = [
  [/\times/g, '\\times'],
  [/\frac/g, '\\frac'],
]

/** The number of the text after its last `=` or `≈`; of a text that has none there, its first. Null where it has none. Linear. */
export function readNumber(text: string): number | null {
  const clean = cleanAnswer(text)
  const relation = /^(?:.*(?:=|≈|\\approx|\\sim|\\simeq|\\cong))?/.exec(clean)?.[0].length ?? 0
  const read = firstNumber(clean.slice(relation))
  return relation > 0 && read === null ? firstNumber(clean) : read
}

/** The text without the marks that only set it, its minus signs as `-`, its full-width digits as ASCII, its white space single. */
function cleanAnswer(text: string): string {
  const bare = unescaped
    .reduce((read, [broken, meant]) => read.replace(broken, meant), text.slice(0, maxChars))
    .replace(/[\u2010-\u2013\u2212\uFE63\uFF0D]/g, '-')
    .replace(invisible, '')
    .replace(/\\textsuperscript/g, '^')
    .replace(
      /\^?[⁺⁻]?[⁰¹²³⁴-⁹]+/g,
      (raised) =>
        `^${Array.from(raised.replace('^', ''), (each) => '+-0123456789'['⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(each)]).join('')}`,
    )
    .replace(/[½⅓⅔¼¾]/g, (part) => ` ${vulgar[part]}`)
    .replace(/[\uFF0E\uFF10-\uFF19]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\{,\}/g, ',')
    .replace(wrappers, '')
    .replace(/\s+/g, ' ')
    .replace(/\\(?:times|cdot|ast)(?![a-z])|[·⋅∙∗]/g, '×')
    .replace(/\\div(?![a-z])|[÷∕⁄]/g, '/')
    .replace(/\\pi(?![a-z])/g, 'π')
    .replaceAll('**', '^')
    .replaceAll('’', "'")
  return idleBraces
    .reduce((read, [braces, content]) => read.replace(braces, content), bare)
    .replace(/(?<!\d ?)(?:\b(?:minus|negative) |([-+]) ?[€£¥] ?)(?=[\d.(])/gi, (_, sign = '-') => sign)
    .trim()
}

/** The first value of a cleaned text: a number with all the arithmetic around it, never a piece of that. */
function firstNumber(text: string): number | null {
  for (let index = 0; index < text.length; index += 1) {
    const isStart = /[-+.\d\\({√πe]/.test(text[index]!) && !/[a-zA-Z_^]/.test(text[index - 1] ?? '')
    const read = isStart ? valueAt(text.slice(index, index + maxExpression), 0, { isSpaced: true }) : null
    if (read !== null) return Number.isFinite(read.value) ? read.value : null
  }
  return null
}
