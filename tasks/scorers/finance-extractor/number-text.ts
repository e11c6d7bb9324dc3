import { financeValueAt } from './arithmetic.ts'

/**
 * Reads the number that a person would read in a short answer: LaTeX and Markdown around it, a unit after it, thousands
 * separators, a fraction, a power, a sum, the Unicode minus.
 */

/** More of an answer than this is not read, and more of one expression. */
const maxChars = 2_000
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

/** What stands first in an answer as a number, or null; `isClear` is false where it is part of what this reader does not understand. */
export type NumberRead = { value: number | null; isClear: boolean }

/** The number of the text after its last `=` or `≈`; null where it has none, and where not all of it is understood. Linear. */
export function readAnswerNumber(text: string): number | null {
  const { value, isClear } = readNumber(text)
  return isClear ? value : null
}

/** As `readAnswerNumber`, and what was read of a number that is not understood as a whole. */
export function readNumber(text: string): NumberRead {
  const clean = cleanAnswer(text)
  const relation = /^(?:.*(?:=|≈|\\approx|\\sim|\\simeq|\\cong))?/.exec(clean)?.[0].length ?? 0
  const read = firstNumber(clean.slice(relation))
  return relation > 0 && read.value === null ? firstNumber(clean) : read
}

/** The text without the marks that only set it, its minus signs as `-`, its full-width digits as ASCII, its white space single. */
export function cleanAnswer(text: string): string {
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
  return idleBraces
    .reduce((read, [braces, content]) => read.replace(braces, content), bare)
    .replace(/(?<!\d ?)(?:\b(?:minus|negative) |([-+]) ?[€£¥] ?)(?=[\d.(])/gi, (_, sign = '-') => sign)
    .trim()
}

/** Before a number: a function of it, a fraction or another brace that was not read, a variable and its sign. */
const goesBefore = /(?:[a-zA-Z]\(|\}\{|(?:^|[^a-zA-Z\\])[a-zA-Z](?: ?[*/×·]| [-+]) ?)$/
/** After one: a factorial, a comma or a point that parts no thousands, a time, a digit, a factor, a power, a term or a function. */
const goesOn = [
  /^!(?!=)/,
  /^(?:, ?|\.|[xX]| )\d/,
  /^ ?: ?(?!1(?!\d))\d/,
  /^\( ?[-+.\d]|^ ?\( ?[-+]?\\|^ \((?=[.\d ]*[-+*/^])[-+*/^.\d ]*\)/,
  /^ ?\^(?! ?\{? ?\\circ)/,
  /^ ?(?:\*\*?|[×·]|\\times|\\cdot) ?[-+(]?\d/,
  /^ ?\+ ?[a-zA-Z\\(]|^ ?- ?[a-zA-Z](?![a-zA-Z])|^[ij](?![a-zA-Z])/,
  /^ ?\\(?:[dt]?frac|sqrt|pi|log|ln|exp|sin|cos|tan|left|over)(?![a-zA-Z])/,
]

/** The first value of a cleaned text: a number with all the arithmetic around it, never a piece of that. */
function firstNumber(text: string): NumberRead {
  for (let index = 0; index < text.length; index += 1) {
    const isStart = /[-+.\d\\({√πe]/.test(text[index]!) && !/[a-zA-Z_^]/.test(text[index - 1] ?? '')
    const read = isStart ? financeValueAt(text.slice(index, index + maxExpression)) : null
    if (read === null) continue
    if (!Number.isFinite(read.value)) return { value: null, isClear: false }
    const [before, after] = [text.slice(Math.max(0, index - 8), index), text.slice(index + read.end)]
    const start = /^(?:[-+] |\{)/.exec(text.slice(index))?.[0] ?? ''
    return { value: read.value, isClear: !goesBefore.test(before + start) && !goesOn.some((mark) => mark.test(after)) }
  }
  return { value: null, isClear: true }
}
