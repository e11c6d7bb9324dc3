import { valueAt } from './arithmetic.ts'
import { cleanNumber } from './clean-number.ts'
import { hanNumberIn, numberWordsAt } from './number-words.ts'
import { compoundAt, conversion, scaleAt, unitAt } from './units.ts'

/**
 * A number as an answer gives it: all that it may mean, the plainest first. `12%` is 12 or 0.12, `5 million` is 5 or 5,000,000, `2 h 15
 * min` is 2.25 or 135. No values: there is a number that is not understood as a whole, such as `12,5`, `3+4i`, a range or a date.
 */
export type Quantity = { values: readonly number[]; kind: 'plain' | 'percent' | 'scaled' }
const unclear: Quantity = { values: [], kind: 'plain' }

/** Words before a number that make another one of it. */
const wordsBefore =
  /\b(?:(?:root|square|cube|multiple|factor)s? of|half(?: of)?|twice|double|triple|logarithm of|log|power of|third of|quarter of|factorial of|(?:more|less|fewer|greater|larger|smaller|higher|lower|bigger) than|below|under|above|at or above|exceeds?|exceeding) ?$/i

const ofLoss = /\b(?:loss|deficit|shortfall|decrease|decline|drop|reduction|fall|debt) of ?$/i

/** A quantity and where it stands in a cleaned text. */
export type PlacedQuantity = Quantity & { start: number; end: number }

/** More than this is never one expression. */
const maxExpression = 400

/** Before a number: a function of it, a fraction or another brace that was not read, a variable and its sign, a command, a comparison. */
const goesBefore =
  /(?:[a-zA-Z][({[]|\}\{?|(?:^|[^a-zA-Z\\])[a-zA-Z](?: ?[*/×÷^]| [-+]) ?[({]?|\\[a-zA-Z]+ ?[({]? ?|[<>≤≥≠±] ?=?|[\])}\d] ?[-+*/×÷]) ?$/
/** Behind it: what makes it a piece of something that was not read. */
const goesOn = [
  // A factorial, a list, a comma or a point that parts no thousands, digits, a factor.
  /^!(?![a-z])|^(?:[,;] ?[-+]?|\.|[xX]| )\d|^[,;] ?[-+]?(?:\\(?:[dtc]?frac|sqrt)|∞|π)/,
  // Words of arithmetic, and letters that stand for it.
  /^ ?(?:to the (?:power|\d)|squared\b|cubed\b|choose\b|factorial\b|mod(?:ulo)?\b|(?:remainder|R|r) ?\d|(?:minus|plus|times|multiplied by|divided by) (?:\d|[a-z]\b)|over (?:[a-z]\b|[\d.]+(?![\d.]| ?-?(?:\w+ )?(?:year|month|week|day|hour|minute|second|quarter|period|decade))))|^[CPbo]\d/,
  /^\( ?[-+.\d]|^ ?\( ?[-+]?\\|^ \((?=[.\d ]*[-+*/^×])[-+*/^×.\d ]*\)/,
  /^ ?\^|^ ?[×*] ?[-+(]?[\d(a-zA-Z\\]|^ ?[/÷] ?(?:\d|[a-z]\b ?(?:$|[.,;)=]))/,
  // A term: a variable or something unknown is added, multiplied or raised.
  /^ ?\+ ?[a-zA-Z\\(|√]|^ ?- ?(?:[a-zA-Z](?![a-zA-Z])|\\(?!text)|√)|^[ij](?![a-zA-Z])|^ [ij] ?(?:$|[.,;)\]}=+-])/,
  /^ ?[a-zA-Z](?:_\{?\w{1,5}\}?)?(?: ?\^ ?\{? ?[-\d]{1,4} ?\}?)? ?(?!-[123](?!\d))[-+] ?(?:\d|[a-zA-Z](?![a-zA-Z])|[(\\])|^ ?[xyzn] ?\^/,
  /^ ?\\(?!(?:mu|Omega|AA|ohm|mathring|angstrom|micro|square|blacksquare|qed|dagger)(?![a-zA-Z]))[a-zA-Z]/,
  // A range, another value, an uncertainty that was not read.
  /^ ?[<>≤≥≠±]|^ ?-{1,2} ?[-+]?[\d.]|^ ?(?:to|through|until|till|bis|à|至|到) [-+]?\d(?![\d.]* ?(?:d\.?p|s\.?f|sig|decimal|digit|places))|^ ?≈ ?\d/,
  /^ ?(?:[,;] ?)?(?:and|&|und|et|y|和|与|及) ?[-+]?\d/,
]
const isTime = /^(?:[01]?\d|2[0-4]):[0-5]\d(?!\d)/
const isDate =
  /^(?:(?:1?\d?\d|2[0-4]\d|25[0-5])\.){3}(?:1?\d?\d|2[0-4]\d|25[0-5])(?![\d.,])|^\d{4}[-./]\d{1,2}[-./]\d{1,2}(?!\d)|^\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})(?![\d.])|^\d{4}年|^\d{1,2}月\d|^\d{1,2}(?:st|nd|rd|th)?,? (?:of )?(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b/i
const monthBefore = /(?:January|February|March|April|May|June|July|August|September|October|November|December) $/
const ratio = / : (?=\d)|:(?=\d)/y
const ratioEnd = /\d+(?:\.\d+)?(?! ?[:\d,.]\d)/y
const plusMinus = / ?(?:\( ?)?(?:±|\+ ?\/ ?-|\+-) ?\d[\d.,]*%?(?: ?\))?/y
/** "31 °C to 35 °C". */
const sameUnitRange = /^ ?(°?\p{L}{0,12}|%) ?(?:to|and|-|bis|à|至|到|≈) ?[-+]?\d[\d.,]* ?\1(?!\p{L})(?<=[\p{L}%°])/u

/** What the number is a part of. */
const outOf = / ?(?:out of|of)(?: the| all| a total of)? \d[\d,.]*\d?(?![\d./])/y
/** A chance or a share of one: "1 in 5", "1 out of 5"; "1 in 1998" has a year. */
const oneOf =
  /^ (?:in(?! (?:1[6-9]|20)\d\d\b)|out of)(?: every)? ((?!0)\d{1,3}(?:,\d{3})+|(?!0|1\b)\d{1,9})(?![\d.,/]*\d|[/%°])(?= ?(?:$|[.,;!?)]))/
/** Letters directly behind a fraction are variables. */
const endsInFraction = /\\[dtc]?frac ?\{[^{}]*\} ?\{[^{}]*\}$/
const percentSign = / ?%/y
const perThousand = / ?‰/y
/** A unit as a fraction: what is below begins with a letter. */
const unitFraction =
  / ?\\[dtc]?frac ?\{ ?(?:1|[\p{L}µ°][^{}]{0,40}|\\[a-zA-Z]+[^{}]{0,40}) ?\} ?\{ ?[\p{L}µ°][^{}]{0,40}(?:\{-?\d\}[^{}]{0,20})?\}/uy

/**
 * The quantity that begins at a place of a cleaned text: a number with all the arithmetic around it, what it is measured in, and nothing
 * that is a piece of more. Null where no number begins there.
 */
export function quantityAt(text: string, start: number): PlacedQuantity | null {
  const rest = text.slice(start, start + maxExpression)
  const read = valueAt(rest)
  if (read === null) return infinityAt(text, start)
  const beginning = /^(?:[-+] |[{[(] ?)/.exec(rest)?.[0] ?? ''
  const before = text.slice(Math.max(0, start - 16), start)
  let end = start + read.end
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = end
    const found = pattern.exec(text)?.[0] ?? null
    if (found !== null) end += found.length
    return found
  }
  const isPiece = () =>
    goesOn.some((mark) => mark.test(text.slice(end, end + 60))) ||
    (/[a-zA-Z]/.test(text[end] ?? '') && endsInFraction.test(text.slice(start, end)))
  const not = (): PlacedQuantity => ({ ...unclear, start, end: behindPiece(text, end) })
  if (isTime.test(rest) || isDate.test(rest) || monthBefore.test(before)) return not()
  const isChanged = goesBefore.test(before.slice(-8) + beginning) || wordsBefore.test(before)
  if (!Number.isFinite(read.value) || isChanged) return not()
  const { value } = read
  // Whether a loss is asked for as such or as a negative gain, nobody here knows.
  const loss = ofLoss.exec(before)?.[0]
  let quantity: Quantity = { values: [value], kind: 'plain' }
  if (take(ratio) !== null) {
    const below = Number(take(ratioEnd))
    if (!(below > 0)) return not()
    quantity = { values: [value / below], kind: 'plain' }
  }
  take(plusMinus)
  if (take(percentSign) !== null) quantity = { values: [value, value / 100], kind: 'percent' }
  else if (take(perThousand) !== null) quantity = { values: [value, value / 1000], kind: 'percent' }
  else {
    const compound = compoundAt(text, end, value)
    const scale = compound === null ? scaleAt(text, end) : null
    if (compound) {
      quantity = { values: compound.values, kind: 'plain' }
      end = compound.end
    } else if (scale && !/^ ?[-+] ?\d/.test(text.slice(scale.end, scale.end + 4))) {
      quantity = { values: [value, value * scale.factor], kind: 'scaled' }
      end = scale.end
    }
  }
  take(plusMinus)
  end = behindWorking(text, end, value)
  const share = value === 1 && quantity.values.length === 1 ? oneOf.exec(text.slice(end, end + 24)) : null
  if (share !== null) {
    quantity = { values: [1 / Number(share[1]!.replaceAll(',', ''))], kind: 'plain' }
    end += share[0].length
  }
  take(outOf)
  if (sameUnitRange.test(text.slice(end, end + 60))) return not()
  const unit = quantity.kind === 'scaled' || take(unitFraction) !== null
  if (!unit && isPiece()) return not()
  const values = loss === undefined ? quantity.values : [...quantity.values, ...quantity.values.map((each) => -each)]
  return { values, kind: quantity.kind, start: start - (loss?.length ?? 0), end }
}

/** "12 (3 × 4)": in parentheses, how the number came about. */
function behindWorking(text: string, at: number, value: number): number {
  const open = / \( ?(?=[-+.\d\\])/y
  open.lastIndex = at
  if (!open.test(text)) return at
  const working = valueAt(text.slice(open.lastIndex, open.lastIndex + maxExpression))
  const end = working === null ? at : open.lastIndex + working.end
  const isSame = working !== null && Math.abs(working.value - value) <= 1e-6 * Math.abs(value)
  return isSame && /^ ?\)/.test(text.slice(end)) ? text.indexOf(')', end) + 1 : at
}

const infinite = /(?:[-+] ?)?(?:∞|infinity\b|inf\b)/iy

function infinityAt(text: string, start: number): PlacedQuantity | null {
  infinite.lastIndex = start
  const found = infinite.exec(text)?.[0]
  if (found === undefined) return null
  const value = found.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return { values: [value], kind: 'plain', start, end: start + found.length }
}

const pieces = /(?:(?:[-+*/×÷^.,;: xX!()[\]{}]{1,4}| ?(?:and|to|or|bis|à|&|和|到|至) ?)[-+]?\d+)*/y

/** Where the numbers end that hang on one that is not understood. */
function behindPiece(text: string, from: number): number {
  pieces.lastIndex = from
  return from + (pieces.exec(text)?.[0].length ?? 0)
}

const starts = /[-+.\d\\({|√∛π∞[]|e(?= ?\^)|(?:sqrt|ln|log|log_?10|exp|sin|cos|tan|inf|infinity)(?=[ (]|$)/gi

/** Before a digit of a name: `H2O`, `COVID-19`; or of a number that was begun elsewhere. */
const isName = /[a-zA-Z\d]$|[a-zA-Z]-$/

/** The quantities of a cleaned text from a place on, left to right. A digit in a name (`H2O`, `A1`) is none. Linear but for a bound. */
export function* quantitiesIn(text: string, from = 0): Generator<PlacedQuantity> {
  let at = from
  for (;;) {
    starts.lastIndex = at
    const found = starts.exec(text)
    if (found === null) return
    const { index } = found
    at = index + 1
    const before = text.slice(Math.max(0, index - 3), index)
    if (isName.test(before) || /[_^]\{? ?-?$/.test(before)) continue
    if (/^[-+] /.test(text.slice(index, index + 2))) continue
    const quantity = quantityAt(text, index)
    if (quantity === null) continue
    at = Math.max(at, quantity.end)
    yield quantity
  }
}

/** Words and signs that may stand between a label and its number. */
const lead =
  /^(?:[\s"'([{:*|>–—…#]|(?:an?|the|la|le|les|el|die|der|das|de|des|du|of|that|is|are|be|to|just|simply|only|exactly|precisely|approximately|approx\.?|about|around|roughly|nearly|almost|circa|ca\.?|c\.|therefore|thus|then|hence|so|indeed|clearly|now|still|indeed|also|equals?|equal|given|by|at|least|most|number|no\.?|value|total|amount|sum|figure|answer|final|ungefähr|etwa|rund|genau|environ|exactement|soit|aproximadamente|exactamente|cerca|circa|约|大约|约为|大约是|一共|共|总共|有|为|為|是|就是|應|应|は|は約|約|около|примерно|donc|dunque|quindi|entonces|então|also|somit|daher|число|равен|равна|равно|составляет|हो|है|هو|هي|[A-Z]{3})(?![\p{L}])(?:\s|(?=[^\p{L}]))|(?:约|大约|一共|共|总共|有|为|為|是|就是|应|は|約)+|[≈≃]|that \p{L}+ \p{L}+ |(?:an?|the) (?:net |total )?\p{L}{3,15} of )*$/iu

/** A quantity as a text that reads back as it, so that another answer can be compared with it; null where it was not understood. */
export function quantityText({ values: [value, other], kind }: Quantity): string | null {
  if (value === undefined) return null
  if (kind === 'percent') return `${value}%`
  return String(kind === 'scaled' ? other : value)
}

/**
 * Whether an answer is as good as a gold, by a rule for two numbers. A percentage is compared with another percentage as such, and with
 * other golds as a number or as a share.
 */
export function isAnswer(answer: Quantity, gold: Quantity, isNear: (value: number, gold: number) => boolean): boolean {
  const fits = (value: number, wanted: number) => value === wanted || isNear(value, wanted)
  if (answer.kind === gold.kind && gold.kind !== 'plain')
    return answer.values.length > 0 && fits(answer.values[0]!, gold.values[0]!)
  return answer.values.some((value) => gold.values.some((wanted) => fits(value, wanted)))
}

/** The first or the last quantity, and whether only leading words stand before it. */
export type QuantityRule = { isDirect?: boolean; isLast?: boolean }

const variable = String.raw`(?:[\p{L}][\p{L}\d\p{No}]{0,11}|\\[a-zA-Z]+)(?:_ ?\{?[\p{L}\d,]{1,12}\}?)?(?:\([^()]{0,20}\))?'?`
/** "x = 3, y = 4": where the next assignment begins. */
const nextAssignment = new RegExp(
  String.raw`(?:[,;]| or | and | und | et | y |或|和)\s?(?:and |or )?(${variable}) ?[=≈](?!=)`,
  'giu',
)
const firstAssignment = new RegExp(`(${variable}) ?[=≈]`, 'iu')
/** Words that say the same quantity once more, and those that may. */
const again = String.raw`(?:i\.e\.,?|(?<=[,;(] ?)(?:which is|which equals|that is(?: to say)?,?)|equivalently,?)`
const or = String.raw`(?:(?:or|oder|ou|o|или|${again})(?!\p{L})|或者?|または) ?(?:equivalently,? |about |approximately |≈ ?|-?= ?)?`
const orWord = new RegExp(String.raw`^(?: ?\p{L}[\p{L}.]{0,12}(?=[ ,])| ?[°%]){0,2}?,? ?\(?${or}(?=[-+.\d\\(√π])`, 'iu')
/** Another quantity, which may be the same, stands before these words at the end of a text. */
export const orBefore = new RegExp(String.raw`(?:(?<!\p{L})${or}|≈ ?)$`, 'iu')
const isAgain = new RegExp(again, 'i')
const sameWithin = 0.02

/**
 * The quantity that a short answer gives, in a box or behind a label: after its last `=` or `≈`, where several are equal; of several
 * variables that of the first. Null where the text holds none, or, where it has to be direct, other words come first. Linear.
 */
export function readQuantity(text: string, { isDirect = false, isLast = false }: QuantityRule = {}): Quantity | null {
  const clean = withoutWords(cleanNumber(text))
  const assigned = isLast ? clean : firstOfSeveral(isDirect ? firstClause(clean) : clean)
  if (assigned === null) return unclear
  const sides = assigned.split(/(?<![<>!])=+(?!>)|≈|≡|→|=>/)
  if (sides.length > 1 && isDirect && !isEquation(sides[0]!)) return null
  for (let at = sides.length - 1; at >= 0; at -= 1) {
    const read = readSide(sides[at]!, { isDirect: isDirect && at === 0, isLast })
    if (read === null) continue
    return at > 0 && at === sides.length - 1 ? withOtherSide(read, sides[at - 1]!, clean) : read
  }
  return null
}

const clauseEnd =
  /(?:,|;| -|:)? ?(?:\((?=\p{L}|["'])|\b(?:because|since|as|so that|which|where|when|if|for|not)\b)|[,;] (?=\p{L}|[-\d.,/]+ (?:is|are|was|were|would|has|have|of)\b)/giu

/** The text up to the clause that follows its first number. */
function firstClause(text: string): string {
  const number = /[\dπ∞√]/.exec(text)?.index
  if (number === undefined) return text
  clauseEnd.lastIndex = number
  const end = clauseEnd.exec(text)?.index
  return end === undefined ? text : text.slice(0, end)
}

/** What may stand before the first `=` of an answer that begins behind a label: a variable, an expression, not a sentence. */
const isEquation = (side: string): boolean => side.trim().split(/ (?=\p{L}{2,})/u).length <= 4 || lead.test(side)

/** The text up to the second assignment; null where one variable has two values. A chain of equations is no list of assignments. */
function firstOfSeveral(text: string): string | null {
  const first = firstAssignment.exec(text)
  if (first === null) return text
  const from = first.index + first[0].length
  for (const next of text.matchAll(nextAssignment)) {
    if (next.index < from) continue
    const [one, other] = [text.slice(from, next.index), text.slice(next.index + next[0].length)]
    if (/[=≈]/.test(one) || /^[^,;]*[=≈]/.test(other)) return text
    if (next[1]!.toLowerCase() !== first[1]!.toLowerCase()) return text.slice(0, next.index)
    const [left, right] = [readSide(one), readSide(other)]
    if (left === null || right === null || !isShared(left, right)) return null
  }
  return text
}

/** Whether a text is assignments alone, as "x = 2, y = 3". */
export function listsAssignments(text: string): boolean {
  const first = firstAssignment.exec(text)
  if (
    first === null ||
    /[\p{L}\d]/u.test(
      text.slice(0, first.index).replace(/^[\p{L} ]{1,30}: ?|^\W*(?:so|thus|hence|therefore|then|we get|with)\b/iu, ''),
    )
  )
    return false
  return firstOfSeveral(text) !== text
}

function readSide(side: string, { isDirect = false, isLast = false }: QuantityRule = {}): Quantity | null {
  let found: PlacedQuantity | null = null
  for (const quantity of quantitiesIn(side)) {
    found = quantity
    if (!isLast) break
  }
  if (found === null) return null
  const before = side.slice(0, found.start)
  if (
    /(?:\b(?:between|either|neither|entre|zwischen|from)|介于|在) ?$/i.test(before) &&
    (found.values.length === 0 || /^.{0,20}?(?:and|or|nor|to|et|und|y|和|到|至).{0,3}\d/.test(side.slice(found.end)))
  )
    return unclear
  if (isDirect && !lead.test(before)) return null
  if (found.values.length === 0) return found
  const or = orWord.exec(side.slice(found.end))
  const other = or ? quantityAt(side, found.end + or[0].length) : null
  if (or === null || other === null) return found
  const isRepeated = isAgain.test(or[0])
  if (!isShared(found, other) && !isInOtherUnit(side, found, other, isRepeated)) return isRepeated ? found : unclear
  return { values: [...found.values, ...other.values], kind: found.kind }
}

/** Whether two quantities are one in two units: "90 minutes, or 1.5 hours". Of unknown units, the words between have to say so. */
function isInOtherUnit(text: string, one: PlacedQuantity, other: PlacedQuantity, isRepeated: boolean): boolean {
  const [unit, otherUnit] = [unitOf(text, one), unitOf(text, other)]
  if (unit === null || otherUnit === null || unit === otherUnit || other.values.length === 0) return false
  const factor = conversion(unit, otherUnit)
  if (factor === null) return isRepeated
  return isShared({ ...one, values: one.values.map((value) => value * factor) }, other)
}

/** The letters behind a number, also those that may scale it: the m of "2.5 m". */
const unitOf = (text: string, { start, end, kind }: PlacedQuantity): string | null =>
  kind === 'scaled' ? (/\p{L}+$/u.exec(text.slice(start, end))?.[0].toLowerCase() ?? null) : unitAt(text, end)

/** Whether two quantities are one but for rounding. */
function isShared(one: Quantity, other: Quantity): boolean {
  return one.values.some((value) =>
    other.values.some((each) => Math.abs(value - each) <= sameWithin * Math.max(Math.abs(value), Math.abs(each))),
  )
}

/** What is on the other side of an `≈`, or the same in another unit: "100000 Pa = 1 bar". */
function withOtherSide(read: Quantity, side: string, text: string): Quantity {
  const other = read.values.length === 0 ? null : readSide(side)
  if (other === null || other.values.length === 0) return read
  const isRounded = text.includes('≈') && isShared(read, other)
  const inOtherUnit = /^[^a-zA-Z=]*[\d}] ?\p{L}{1,12}[^\d=]*$/u.test(side) && /[\p{L}]/u.test(text.slice(-3))
  return isRounded || inOtherUnit ? { values: [...read.values, ...other.values], kind: read.kind } : read
}

const anyWord =
  /(?<![\p{L}\p{N}])(?:an? (?=hundred|thousand|million|dozen|half|quarter|third)|(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thir|four|fif|six|seven|eigh|nine|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|half)[a-z]*)/giu

const signWord = /\b(?:minus|negative|moins|menos) $/i
const withSign = (before: string, number: string): string =>
  signWord.test(before) ? `${before.replace(signWord, '')}-${number}` : before + number

/** A text without digits with its first number words as digits. */
function withoutWords(text: string): string {
  if (/\d/.test(text)) return text
  let pieceEnd = -1
  for (const { index, 0: word } of text.matchAll(anyWord)) {
    // The rest of words that make no one number is no number: "nineteen eighty-four".
    const isPiece = pieceEnd >= 0 && index - pieceEnd === 1 && /[ -]/.test(text[pieceEnd]!)
    const words = isPiece ? null : numberWordsAt(text, index)
    if (words === null) pieceEnd = isPiece || numberWordsAt(word, 0) !== null ? index + word.length : -1
    else return withSign(text.slice(0, index), `${words.value}${text.slice(words.end)}`)
  }
  const han = hanNumberIn(text)
  return han === null ? text : `${text.slice(0, han.start)}${han.value}${text.slice(han.end)}`
}
