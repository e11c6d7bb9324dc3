import { evalNode, evalValue, loadsPythonJson, numberOf, type PyValue, pyEquals } from '../python-literal/mod.ts'
import { answerTexts, firstLine, readableReply } from './answer/answer-text.ts'
import { readNumberAnswer } from './answer/number-answer.ts'
import { withoutCommands } from './answer/plain-text.ts'
import { trimMarks } from './fold-text.ts'
import { readAssertion } from './test-output-reply.ts'

const maxCandidates = 50
/** No answer to such a question is longer. */
const maxChars = 100_000

/** What a reply gives for an expression: its value, or, where that is no literal, the text as it stands. */
export type LooseValue = { value: PyValue | null; text: string }

/**
 * The value that a reply gives for an expression: the operand of its last assertion that can be read (on either side); else what is in its
 * box or behind its last label; the reply itself, its last fenced block, its last line, what that says that something is; the number that
 * it ends with. An assertion that denies a value gives none. In Python's spelling or JSON's. Linear.
 */
export function readValueLoosely(reply: string): LooseValue | null {
  const text = readableReply(reply)
  const lines = text.split(/\r?\n/)
  const assertions = lines.filter((line) => line.length <= maxChars && line.includes('assert')).slice(-maxCandidates)
  for (const line of assertions.reverse()) {
    const statement = trimMarks(line.slice(line.indexOf('assert')).replace(/\[\/ANSWER\].*$/, ''), '`*.', {
      start: false,
    })
    const assertion = readAssertion(statement)
    const answer = assertion.ok ? operandOf(assertion) : null
    if (answer !== null) return answer
    const isDenied = !assertion.ok && assertion.reason === 'not-an-equality' && statement.includes('!=')
    if (isDenied) return null
  }
  let unread: string | null = null
  for (const place of places(text, lines)) {
    const read = place.isWhole ? readValue(place.text) : (readValue(place.text) ?? readBeginning(place.text))
    if (read !== null) return read
    // What is set as an answer is the answer, though it be no literal.
    if (place.isAnswer) unread ??= withoutMarks(place.text)
    if (place.isAnswer && brokenLiteral.test(place.text)) break
  }
  if (unread === null && assertions.length === 0) {
    // The last number of a list or an assertion that cannot be read is not its value.
    const last = lastLineOf(lines)
    const number = /[[\]{}'"`…]|\.\.\.|\b(?:list|tuple|dict\w*|set|string)\b/.test(last) ? null : readNumberAnswer(last)
    if (number?.values.length)
      return { value: { type: 'float', value: number.values[0]! }, text: String(number.values[0]) }
  }
  const whole = unread ?? withoutMarks(ownLabel.exec(lastLineOf(lines))?.[1] ?? text)
  return whole === '' || whole.length > maxChars ? null : { value: null, text: whole }
}

/** Whether a value is the gold; a text without quotes is the text. */
export function givesGold(answer: LooseValue, gold: PyValue): boolean {
  if (answer.value !== null) return looselyEqual(answer.value, gold)
  return gold.type === 'str' && answer.text === gold.value
}

type Place = { text: string; isWhole: boolean; isAnswer: boolean }

function* places(text: string, lines: string[]): Generator<Place> {
  for (const answer of answerTexts(text)) {
    const plain = answer.from === 'box' ? plainBox(answer.text) : withoutPrompts(answer.text)
    const fenced = fencedBlock(plain.split(/\r?\n/))
    if (fenced !== null) yield { text: fenced, isWhole: true, isAnswer: true }
    if (plain.trim() === '') continue
    yield { text: plain, isWhole: true, isAnswer: false }
    const line = firstLine(plain)
    for (const stated of [...statedIn(line), ...endingIn(line), ...onlyCode(line)])
      yield { text: stated, isWhole: true, isAnswer: false }
    yield { text: line.replace(typeBefore, ''), isWhole: false, isAnswer: true }
    break
  }
  const fenced = fencedBlock(lines)
  const last = lastLineOf(lines)
  if (fenced !== null) yield { text: withoutPrompts(fenced), isWhole: true, isAnswer: true }
  yield { text: withoutPrompts(text), isWhole: true, isAnswer: false }
  if (/^\s*\S[^\n]*\n[^\S\n]*\n/.test(text)) yield { text: firstLine(text), isWhole: true, isAnswer: false }
  yield { text: last, isWhole: true, isAnswer: false }
  const stated = [...statedIn(last)]
  for (const each of stated) yield { text: each, isWhole: true, isAnswer: false }
  for (const each of stated.reverse()) yield { text: each.replace(typeBefore, ''), isWhole: false, isAnswer: false }
  for (const each of [...endingIn(last), ...onlyCode(last)]) yield { text: each, isWhole: true, isAnswer: false }
  if (brokenLiteral.test(last)) yield { text: last, isWhole: false, isAnswer: false }
}

const lastLineOf = (lines: readonly string[]): string => lines.findLast((line) => /[^\s`*.]/.test(line)) ?? ''

/** The content of a box as Python has it: `\text{…}` and escaped braces taken off. */
const plainBox = (text: string): string =>
  /\\[a-zA-Z]|\\[{}_%$&]/.test(text) ? withoutCommands(text.replace(/\\([{}])/g, '$1')) : text

/** Lines behind the prompts of an interactive Python. */
function withoutPrompts(text: string): string {
  return text.includes('>>>') ? text.replace(/^[^\S\r\n\u2028\u2029]*(?:>>>|\.\.\.).*$\n?/gm, '') : text
}

const maxStatedChars = 10_000
const statement =
  /==?|[:→⇒#]|->|\b(?:is|are|be|as|to|return|returns|returned|outputs?|gives|giving|yields|yielding|returning|making|equals|prints|produces|evaluates to|results? in)\b/gi

/** What a line says that something is, the longest such text first: "f(1) == 5", "Output: [1, 2]", "it returns True". */
function* statedIn(line: string): Generator<string> {
  const text = line.slice(0, maxStatedChars)
  let count = 0
  for (const { index, 0: word } of text.matchAll(statement)) {
    count += 1
    if (count > maxCandidates) return
    if (/(?:\bnot|n['’]t|\bnever)\s$/i.test(text.slice(Math.max(0, index - 8), index))) continue
    yield text.slice(index + word.length)
    if (word === '==') yield text.slice(0, index)
  }
}

/** The type of a value, said before it: "the integer 5". */
const typeBefore =
  /^[\s:]*(?:(?:the|an?|its) )?(?:(?:single|boolean|integer|float|string|new|final|resulting|sorted) )?(?:list|string|tuple|dict(?:ionary)?|set|integer|int|number|float|boolean|bool|value|literal)(?: value)?:? (?=[`*]*(?:[-[({'"\d]|True\b|False\b|None\b))/i
const valueStart = /(?<=^|[\s：:，,]|[\p{Script=Han}\p{Script=Hiragana}])[`*]{0,3}(?=[[({'"]|True\b|False\b|None\b)/gu
const isDenied = /\b(?:not|never|instead of|rather than|cannot)\b|n['’]t\b|不/i

/** What a line ends with, where it may be a value, the longest such text first: "La función devuelve [1, 2]." */
function* endingIn(line: string): Generator<string> {
  const text = line.slice(0, maxStatedChars)
  for (const { index } of [...text.matchAll(valueStart)].slice(0, maxCandidates)) {
    if (isDenied.test(text.slice(0, index))) return
    yield text.slice(index)
  }
}

/** The one value that a line sets as code: "`[1, 2]` is returned". */
function onlyCode(line: string): string[] {
  if (isDenied.test(line)) return []
  const codes = [...line.slice(0, maxStatedChars).matchAll(/`([^`]+)`/g)]
    .slice(0, maxCandidates)
    .map((match) => match[1]!)
  const values = new Set(codes.filter((code) => literal(code) !== null))
  return values.size === 1 ? [...values] : []
}

type Equality = Extract<ReturnType<typeof readAssertion>, { ok: true }>

function operandOf(assertion: Equality): LooseValue | null {
  for (const node of [assertion.right, assertion.left]) {
    const text = assertion.source(node)
    const result = evalNode(node)
    if (result.ok) return { value: result.value, text }
    const read = literal(text)
    if (read !== null) return read
  }
  return null
}

function fencedBlock(lines: string[]): string | null {
  const isFence = (line: string) => line.trimStart().startsWith('```')
  const close = lines.findLastIndex(isFence)
  const open = lines.findLastIndex((line, index) => index < close && isFence(line))
  return open < 0 ? null : lines.slice(open + 1, close).join('\n')
}

const withoutMarks = (text: string): string =>
  trimMarks(trimMarks(/^\s*\$[^$]+\$\.?\s*$/.test(text) ? text.replaceAll('$', '') : text, '`*'), '`*.。', {
    start: false,
  })

/** A value alone in a text, quoted or set as code. */
function readValue(text: string): LooseValue | null {
  if (text.length > maxChars) return null
  const bare = withoutMarks(text)
  if (bare === '') return null
  return literal(bare) ?? (bare === text.trim() ? null : literal(text.trim()))
}

/** What values begin with; other texts need not be parsed. */
const startsValue = /^\s*(?:[-+~([{'"\d.]|[bBrRuU]{1,2}['"]|[A-Za-z_][\w.]*\s*(?:[({]|$)|(?:not|True|False|None)\b)/

function literal(text: string): LooseValue | null {
  if (!startsValue.test(text)) return quotedText(text)
  const result = evalValue(text)
  if (result.ok) return { value: result.value, text }
  const json = loadsPythonJson(text)
  if (json.ok) return { value: json.value, text }
  return quotedText(text)
}

function quotedText(text: string): LooseValue | null {
  const quoted = withoutQuotes(text)
  return quoted === null ? null : { value: { type: 'str', value: quoted }, text }
}

/** A text between quotes that Python does not know, or across lines; null where there are none. */
function withoutQuotes(text: string): string | null {
  const [open, close] = [text[0], text.at(-1)]
  const isCurly = (open === '“' && close === '”') || (open === '‘' && close === '’')
  const isAcross = (open === "'" || open === '"') && close === open && /[\n\t]/.test(text)
  if (text.length < 2 || (!isCurly && !isAcross)) return null
  const inner = text.slice(1, -1)
  return inner.includes(open!) || inner.includes(close!) ? null : inner
}

/** "Output: x" where x is a text without quotes. */
const ownLabel =
  /^\W{0,6}(?:the )?(?:final )?(?:output|result|returned value|return value|returns?|prints?|printed|value)\W{0,4}[:=→]\W{0,3}(?=\s|\w)\s*(\S.*)$/i

/** A literal that was begun as one: what cannot be read of it is no reason to look elsewhere. */
const brokenLiteral = /^\s*(?:[\w.]*[[({]|['"])/

const callName = /[A-Za-z_][\w.]*(?=[([])/y
const scalarWord =
  /(?:[-+]?(?:\d[\d_]*(?<=\d)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\d+\.?|True|False|None|null|true|false|[-+]?(?:np\.)?(?:inf|nan))(?=$|[.,;:!)`*]*(?:\s|$))/y
/** What may follow a value on its line without being a part of it. */
const endsThere = /^[`*"'.,;:!)]*(?:$|\s+(?![-+*/%=<>[{,]|\((?![a-z])|(?:or|and|vs)\b))/

/** The literal that a text begins with, where words follow it: "[1, 2] because of …". */
function readBeginning(text: string): LooseValue | null {
  if (text.length > maxChars) return null
  const start = /^[\s`*:]*/.exec(text)![0].length
  const end = literalEnd(text, start)
  if (end <= start || !endsThere.test(text.slice(end, end + 40))) return null
  return literal(text.slice(start, end))
}

/** Where a literal that begins at a place ends by its brackets, quotes or characters; the place itself where none begins. */
function literalEnd(text: string, start: number): number {
  callName.lastIndex = start
  let at = start + (callName.exec(text)?.[0].length ?? 0)
  if (!/[[({'"]|[bBrRuU]['"]/.test(text.slice(at, at + 2).replace(/^([^bBrRuU]).*/s, '$1'))) {
    scalarWord.lastIndex = start
    return start + (scalarWord.exec(text)?.[0].length ?? 0)
  }
  if (/[bBrRuU]/.test(text[at]!)) at += 1
  let depth = 0
  for (; at < text.length; at += 1) {
    const character = text[at]!
    if (character === '[' || character === '(' || character === '{') depth += 1
    else if (character === ']' || character === ')' || character === '}') depth -= 1
    else if (character === "'" || character === '"') {
      at = quoteEnd(text, at)
      if (at < 0) return start
    }
    if (depth <= 0) return at + 1
  }
  return start
}

function quoteEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === text[from]) return at
  }
  return -1
}

/** Floats this close, relative to the larger, count as one answer; whole numbers must be equal. */
const relativeTolerance = 1e-6

const isNan = (value: PyValue): boolean => value.type === 'float' && Number.isNaN(value.value)

/** Equality as a person sees it: lists and tuples are one, floats may differ by rounding, True is not 1. */
export function looselyEqual(left: PyValue, right: PyValue): boolean {
  if ((left.type === 'list' || left.type === 'tuple') && (right.type === 'list' || right.type === 'tuple')) {
    if (left.items.length !== right.items.length) return false
    return left.items.every((item, index) => looselyEqual(item, right.items[index]!))
  }
  if (left.type === 'dict' && right.type === 'dict') {
    if (left.entries.size !== right.entries.size) return false
    return [...left.entries].every(([key, [, value]]) => {
      const other = right.entries.get(key)
      return other !== undefined && looselyEqual(value, other[1])
    })
  }
  if (left.type === 'bool' || right.type === 'bool') return left.type === right.type && pyEquals(left, right)
  if (left.type === 'float' || right.type === 'float') {
    if (isNan(left) && isNan(right)) return true
    const [a, b] = [Number(numberOf(left) ?? Number.NaN), Number(numberOf(right) ?? Number.NaN)]
    if (a === b) return true
    if (Number.isInteger(a) && Number.isInteger(b)) return false
    return Math.abs(a - b) <= relativeTolerance * Math.max(Math.abs(a), Math.abs(b))
  }
  if (left.type === 'object' && right.type === 'object') {
    if (left.name !== right.name || left.args.length !== right.args.length) return false
    return left.args.every((each, at) => looselyEqual(each, right.args[at]!))
  }
  return pyEquals(left, right)
}
