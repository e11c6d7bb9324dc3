import { builtinNames, evalPython, type PyResult, type PyValue, pythonStrip } from '../python-literal/mod.ts'

/** What upstream's scorer module can see when it evaluates a prediction: evaluating these is beyond a reader of literals. */
const scope: ReadonlySet<string> = new Set([
  ...builtinNames,
  ...['re', 'LLM', 'logger', 'within_eps', 'is_number', 'is_scientific_number', 'contain_num_and_str', 'normalize'],
  ...['get_acc', 'extract_cot_answers', 'extract_pot_answers', 'prediction', 'money'],
])

const dropped = ['£', '€', '¥', 'million', 'billion', 'thousand', 'us', 'usd', 'rmb']
const wordValues = new Map([
  ['true', 'True'],
  ['yes', 'True'],
  ['false', 'False'],
  ['no', 'False'],
])
const wellFormed = /^[-+]?(?:\p{Nd}{1,3}(?:,\p{Nd}{3})*|\p{Nd}+)(?:\.\p{Nd}+)?\n?$/u

/**
 * FinanceReasoning's `normalize`: the text is evaluated as Python; if that fails it is cleaned by upstream's list of
 * replacements and evaluated again. Failures of the second evaluation are returned, with their kind.
 */
export function normalisePrediction(prediction: string): PyResult<PyValue> {
  const direct = evalPython(prediction, scope)
  if (direct.ok || direct.kind === 'unsupported') return direct
  return evalPython(cleanPrediction(prediction) || 'None', scope)
}

/** Upstream's replacements, in upstream's order. */
export function cleanPrediction(prediction: string): string {
  let text = pythonStrip(prediction).toLowerCase()
  let end = text.length
  while (text[end - 1] === '.') end -= 1
  text = text.slice(0, end)
  for (const word of dropped) text = text.replaceAll(word, '')
  for (const sign of ['=', '≈']) {
    if (text.includes(sign)) text = pythonStrip(text.slice(text.lastIndexOf(sign) + 1))
  }
  text = text.replace(/[`%$°]/g, '')
  const word = wordValues.get(text)
  if (word !== undefined) text = word
  if (text.includes('true')) text = 'True'
  else if (text.includes('false')) text = 'False'
  if (text.includes('approximately')) text = pythonStrip(text.replaceAll('approximately', ''))
  text = text.split(' or ', 1)[0]!
  text = dropUnits(text)
  text = text.replace(/10\^(-?\p{Nd}+)/gu, 'math.pow(10, $1)')
  text = text.replaceAll(' x ', '*').replaceAll(' × ', '*')
  return wellFormed.test(text) ? text.replaceAll(',', '') : text
}

/** Each step is one of upstream's four patterns, matched without backtracking. */
function dropUnits(text: string): string {
  let points = Array.from(text)
  for (const step of [dropWordAfter, dropWordBefore, dropSignsAfter, dropSignsBefore]) points = step(points) ?? points
  return points.join('')
}

/** "12 apples" -> "12" */
function dropWordAfter(points: string[]): string[] | null {
  const space = points.indexOf(' ')
  if (space < 1 || space === points.length - 1 || !isSignedNumber(points, 0, space)) return null
  return points.slice(space + 1).some(isDigitOrSpace) ? null : points.slice(0, space)
}

/** "about 12" -> "12" */
function dropWordBefore(points: string[]): string[] | null {
  const space = points.indexOf(' ')
  const end = endBeforeNewline(points)
  if (space < 1 || points.slice(0, space).some(isDigitOrSpace)) return null
  return isSignedNumber(points, space + 1, end) ? points.slice(space + 1, end) : null
}

/** "12km" -> "12": at most two characters */
function dropSignsAfter(points: string[]): string[] | null {
  const last = points.findLastIndex(isDigit)
  const tail = points.length - 1 - last
  const isShort = tail === 1 || tail === 2 || (tail === 3 && points.at(-1) === '\n')
  return last >= 0 && isShort && isSignedNumber(points, 0, last + 1) ? points.slice(0, last + 1) : null
}

/** "x5" -> "5": at most two characters, as many as can be; a sign or a dot among them is lost */
function dropSignsBefore(points: string[]): string[] | null {
  const end = endBeforeNewline(points)
  for (const width of [2, 1]) {
    const isPrefix =
      points.length > width && !points.slice(0, width).some((point) => /[-+]/.test(point) || isDigit(point))
    if (isPrefix && isNumber(points, width, end)) return points.slice(width, end)
  }
  return null
}

/** Python's `$` also matches before a line feed that ends the text. */
const endBeforeNewline = (points: string[]): number => (points.at(-1) === '\n' ? points.length - 1 : points.length)

function isSignedNumber(points: string[], from: number, to: number): boolean {
  return isNumber(points, points[from] === '-' || points[from] === '+' ? from + 1 : from, to)
}

/** Whether points[from, to) are digits and commas, then dots, then digits, of which only the last digits must be there. */
function isNumber(points: string[], from: number, to: number): boolean {
  let index = from
  while (index < to && (isDigit(points[index]!) || points[index] === ',')) index += 1
  if (index === to) return to > from && isDigit(points[to - 1]!)
  const dots = index
  while (index < to && points[index] === '.') index += 1
  if (index === dots || index === to) return false
  while (index < to && isDigit(points[index]!)) index += 1
  return index === to
}

function isDigit(point: string): boolean {
  return (point >= '0' && point <= '9') || (point > '\x7f' && /^\p{Nd}$/u.test(point))
}

const isDigitOrSpace = (point: string): boolean => point === ' ' || (point >= '0' && point <= '9')
