/**
 * Reads the number that a person would read in a short answer: LaTeX and Markdown around it, a unit after it, thousands
 * separators, a fraction, a power of ten, the Unicode minus.
 */

/** More of an answer than this is not read. */
const maxChars = 2_000

const wrappers =
  /\\(?:text|mathrm|mathbf|mathit|textbf|operatorname|mbox|rm|bf|displaystyle|left|right|!|,|;|:|quad|qquad| )|(?!(?<=\d)\*\*[-+({]?\d)[`~*_$]{2,}|[`$~]|\\[()[\]$%]/g
/** A tab or a form feed with the rest of a command: an escape of JSON that was not meant as one. */
const unescaped: [RegExp, string][] = [
  [/\times/g, '\\times'],
  [/\frac/g, '\\frac'],
]
const number = /([-+])? ?((?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+)(?:[eE]([-+]?\d{1,4})(?![a-zA-Z0-9]))?/y
const power = /^ ?(?:\\times|\\cdot|×|·|\*|x|X) ?10 ?(?:\^|\*\*) ?[{(]? ?([-+]?) ?(\d{1,4}) ?[})]?/
const barePower = /^([-+]?) ?10 ?(?:\^|\*\*) ?[{(]? ?([-+]?) ?(\d{1,4}) ?[})]?/
const fraction = /^([-+]?) ?\\[dt]?frac ?\{ ?([-+]?[\d.,]+) ?\} ?\{ ?([-+]?[\d.,]+) ?\}/
const slash = /^ ?\/ ?(\d+(?:\.\d+)?)(?![\d.])/

/** The first number of the text after its last `=` or `≈`; null where it has none. Linear. */
export function readAnswerNumber(text: string): number | null {
  const clean = cleanAnswer(text)
  const relation = /^(?:.*(?:=|≈|\\approx|\\sim|\\simeq|\\cong))?/.exec(clean)?.[0].length ?? 0
  return firstNumber(clean.slice(relation)) ?? (relation > 0 ? firstNumber(clean) : null)
}

/** The text without the marks that only set it, its minus signs as `-`, its full-width digits as ASCII, its white space single. */
export function cleanAnswer(text: string): string {
  return unescaped
    .reduce((read, [broken, meant]) => read.replace(broken, meant), text.slice(0, maxChars))
    .replace(/[\u2212\u2013\uFE63\uFF0D]/g, '-')
    .replace(/[\uFF0E\uFF10-\uFF19]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\{,\}/g, ',')
    .replace(wrappers, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The first number of a cleaned text, with the power of ten or the denominator that follows it. */
function firstNumber(text: string): number | null {
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]!
    const isStart = /[-+.\d\\]/.test(character) && !/[a-zA-Z_^]/.test(text[index - 1] ?? '')
    if (!isStart) continue
    const rest = text.slice(index, index + 120)
    const [, fractionSign, above, below] = fraction.exec(rest) ?? []
    if (above !== undefined && below !== undefined) {
      const value = plainNumber(above) / plainNumber(below)
      if (Number.isFinite(value)) return fractionSign === '-' ? -value : value
    }
    const [, bareSign, exponentSign, bareExponent] = barePower.exec(rest) ?? []
    if (bareExponent !== undefined) return (bareSign === '-' ? -1 : 1) * 10 ** Number(`${exponentSign}${bareExponent}`)
    number.lastIndex = index
    const match = number.exec(text)
    if (match === null) continue
    const value = plainNumber(`${match[1] ?? ''}${match[2]}${match[3] === undefined ? '' : `e${match[3]}`}`)
    const tail = text.slice(number.lastIndex, number.lastIndex + 60)
    const [, sign, exponent] = power.exec(tail) ?? []
    if (exponent !== undefined) return value * 10 ** Number(`${sign}${exponent}`)
    const denominator = Number(slash.exec(tail)?.[1] ?? 1)
    return denominator === 0 ? null : value / denominator
  }
  return null
}

function plainNumber(text: string): number {
  return Number(text.replaceAll(',', ''))
}
