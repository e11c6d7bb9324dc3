import { answerTexts, firstLine, firstParagraph, readableReply } from './answer-text.ts'
import { trimmedEnds, withoutCommands, withoutMarks } from './plain-text.ts'

const maxChars = 20_000
const maxItems = 1_000
const maxCopulas = 12

const listLine = /^\s*(?:[-*•+]|\(?\d{1,3}[.)])\s+/
const copula = /\s(?:is|are|were|ist|sind|est|sont|es|son|é|são|è|sono)[:\s]\s*/gi

/**
 * The lists that a reply may answer with, the likeliest first, each in the ways in which it may be parted into items: in its box, behind
 * its last label, else the reply itself. Linear.
 */
export function* listAnswers(reply: string, separator: string): Generator<string[]> {
  const text = readableReply(reply)
  for (const { text: answer } of answerTexts(text)) {
    if (!/[\p{L}\p{N}]/u.test(answer)) continue
    yield* listsIn(answer, separator)
    return
  }
  if (text.length > maxChars) return
  yield* listsIn(text.replace(/^[^\n]*[:：][\s*]*\n/, ''), separator)
  const bare = text.trim()
  const list = innerList.exec(bare)?.[0]
  if (list !== undefined) yield* listsIn(list, separator)
  const lines = bare.split(/\n+/)
  if (lines.length > 1 && lines.every((line) => line.split(' ').length <= 3)) yield lines.map(plain)
  if (lines.length > 1) return
  const label = /^[\s*_]*\p{L}[\p{L} ]{1,30}[*_]{0,2}[:：]/u.exec(bare)?.[0]
  if (label !== undefined) yield* listsIn(bare.slice(label.length), separator)
  for (const match of [...bare.matchAll(copula)].slice(0, maxCopulas)) {
    const rest = bare.slice(match.index + match[0].length)
    yield* listsIn(rest, separator)
    if (!undecided.test(rest)) yield* listsIn(bare.slice(0, match.index), separator)
  }
}

function* listsIn(answer: string, separator: string): Generator<string[]> {
  const text = answer.slice(0, maxChars)
  const lines = firstParagraph(text)
    .split('\n')
    .filter((line) => line.trim() !== '')
  // One item a line.
  if (lines.length > 1 && (lines.every((line) => listLine.test(line)) || !lines.some((line) => /[,;]/.test(line)))) {
    const items = lines.map((line) => plain(line.replace(listLine, '')))
    yield items
    yield items.map((item) => item.split(explanation, 1)[0]!)
  }
  const whole = plain(lines.length > 1 && /^\s*[[{(]/.test(text) ? firstParagraph(text) : firstLine(text))
  const ended = whole.replace(/(?<=[^.!。])[.!。]+\s*$/, '')
  for (const line of new Set([ended, sentence(ended)])) {
    const items = unwrapped(line)
    for (const marks of [[separator], [separator, ...strong], [separator, ...strong, ...joints]])
      yield parted(items, marks)
    yield parted(items, ['/', '|', separator])
    // "x = 1 or x = 2"
    const or = items.search(/\bor\b/i)
    if (or > 0 && items.slice(0, or).includes('=') && items.slice(or).includes('='))
      yield parted(items, [separator, / or /i, ...joints])
  }
}

const strong: readonly (string | RegExp)[] = [';', ',', '、', '，', '；', '\n', '•']
/** Words and signs that join the last item, or all. */
const joints: readonly RegExp[] = [
  /\s(?:and|und|et|y|e|и|en|as well as|plus)\s/i,
  /\s?&\s?/,
  /\s?(?:和|与|及|以及|と)\s?/,
]

/** What is said of an item on its line. */
const explanation = /\s[-–—]\s|[:：]\s|\s?\(/

const plain = (text: string): string =>
  withoutMarks(withoutCommands(text.replace(/\\\{/g, '{').replace(/\\\}/g, '}'))).replace(/\$/g, '')
/** A list of JSON or Python inside of other text. */
const innerList = /\[[^[\]{}]{1,2000}\]/

/** What may be said behind a list. */
const sentence = (text: string): string =>
  text.split(
    /[.!?](?=\s)|[。！？]|\s?\((?![^()]*\)\s*[,;])[^()]*\)?|,? (?:but|because|since|not|(?:is|are)(?: both| all| the)*(?: only)? (?:correct|right|true|answers?|options?)\b) ?/,
    1,
  )[0]!

/** The text of a list without its brackets, a word before it, or the object around it. */
function unwrapped(text: string): string {
  const bare = (/^(?:frozen)?set\((.*)\)$/s.exec(text.trim())?.[1] ?? text.trim()).replace(
    /^(?:both|only|just|all of|the (?:set|items|letters|options|following):?)\s/i,
    '',
  )
  const list = /^[^[\]{}()]{0,3}[[{(]([^[\]{}()]*)[\]})][^[\]{}()\p{L}]*\}?$/u.exec(bare)?.[1]
  return list ?? bare
}

function parted(text: string, marks: readonly (string | RegExp)[]): string[] {
  let items = [text]
  for (const mark of marks) items = items.flatMap((item) => item.split(mark)).slice(0, maxItems)
  return items.map((item) => item.replace(/^\s*(?:and|und|et|or|\p{L}\w{0,3}\s?=(?=\s?[-\d]))\s?/iu, ''))
}

/** An item that is an option: its letter, whatever of the option stands behind it. */
export function optionLetter(item: string): string | null {
  return (
    /^\(?([A-Za-z])(?:[).:]+(?:\s.*)?)?$/s
      .exec(trimmedEnds(item).replace(/^(?:option|choice|statement)s?\s/i, ''))?.[1]
      ?.toUpperCase() ?? null
  )
}

const maxLettersText = 200
const undecided = /\b(?:or|nor|neither|not|except|but|wrong|incorrect|false|only if|maybe|either)\b|错|不/i

/** The options that a short answer names, however they are set: "[A][B]", "A (Paris), B (Rome)", "选 A 和 B". */
export function* letterLists(reply: string): Generator<string[]> {
  const text = readableReply(reply)
  const answer = answerTexts(text).next().value?.text ?? text
  const line = plain(firstLine(answer).replace(/^[^\S\n]*\p{L}[\p{L} ]{1,30}[:：]/u, '')).split(
    /[.!?](?=\s)|[。！？]/,
    1,
  )[0]!
  if (line.length > maxLettersText || undecided.test(line)) return
  // Written together: ACD.
  const together = /^[A-Z]{2,10}$/.exec(trimmedEnds(line))?.[0]
  if (together !== undefined) yield [...together]
  const letters = [
    ...line.matchAll(
      /(?<![\p{Script=Latin}\p{N}])([A-Z])(?![\p{Script=Latin}\p{N}'’])(?<!I)(?<!A(?= (?!and\b)[a-z]))/gu,
    ),
  ].map((match) => match[1]!)
  if (letters.length > 0) yield letters
}
