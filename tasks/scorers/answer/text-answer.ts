import { foldText } from '../fold-text.ts'
import { answerTexts, firstLine, readableReply } from './answer-text.ts'
import { repairCommands, trimmedEnds, withoutCommands, withoutMarks } from './plain-text.ts'

/** Of a long reply its beginning and its end are read. */
const maxSearched = 10_000
const maxCuts = 12

/** What goes with an answer and is none: "the answer is consistent with …". */
const noAnswer =
  /^[\s*_]*(?:correct|consistent|verified|found|obtained|derived|based|given by|in the form|as follows|confirmed|reasonable|unique|simple|clear|below|above)\b|^[^\p{L}\p{N}]*$/iu
/** Where the words of an answer may end: a sentence, a clause, why. */
const cuts =
  /[.!?](?=["'”’)*_]*(?:\s|$))|[。！？；，,;:(（[<|\n]|\s[-–—]\s|\s—|—|(?=です|である|입니다|이다|이에요)|\s(?=(?:because|since|as|which|where|who|due to|so that|according|rather than|and not|but not|not|after|with)\s)/gi

/** LaTeX, Markdown and HTML taken off. */
const plain = (text: string): string => withoutMarks(withoutCommands(repairCommands(text))).replace(/\$/g, '')

/** The letter of an option before its text, or of an answer: "B) Berlin", "A: Berlin". */
const optionMark = /^[\s*_"'([]{0,6}[A-Z][).:][*_\])]{0,3}\s+(?=\S)/

/** An answer with what may have been said after it taken off, the whole first. */
function* beginnings(text: string): Generator<string> {
  yield* beginningsOf(firstLine(text))
  const option = optionMark.exec(firstLine(text))?.[0]
  if (option !== undefined) yield* beginningsOf(firstLine(text).slice(option.length))
}

function* beginningsOf(line: string): Generator<string> {
  const quoted = /^\s*["“'‘«]([^"”'’»\n]{1,400})["”'’»](?=[\s.,;:!?)}\]]|$)/.exec(line)?.[1]
  if (quoted !== undefined) yield quoted
  const bold = /^\s*\*\*([^*\n]{1,400})\*\*/.exec(line)?.[1]
  if (bold !== undefined) yield plain(bold)
  const bare = plain(line)
  yield bare
  let count = 0
  for (const { index } of bare.matchAll(cuts)) {
    if (index === 0) continue
    yield bare.slice(0, index)
    count += 1
    if (count >= maxCuts) return
  }
}

const copula =
  /(?:\b(?:it|that|this|he|she)['’]s|\s(?:is|are|was|were|be|ist|sind|est|sont|es|son|é|è|sono|means|equals|belongs to|called|named|classified as|category|label|as|\w+(?:ed|en|sent) (?:to|by|under|into)|(?:goes|go|it|this|that) (?:to|under|into))|\b(?:therefore|thus|hence|so),?)(?:\s(?:\w+(?:ed|en|sent) (?:to|by|under|into)|called|named|known as|classified as|labell?ed(?: as)?|therefore|thus|in the|about|the category|the label))*[:\s]\s*/gi
const denied = /\b(?:not|never|cannot)\b|n['’]t\b/i
const ownLabel = /^[\s*_#>"'{-]{0,8}\p{Lu}?[\p{L} _-]{2,28}["'*_]{0,3}\s?(?:[:：=]|->|→)["'*_\s]*(?=\S)/u
const listMark = /^\s*(?:[-*•>]\s+|\d{1,2}[.)]\s+)/
const sentences = /(?<=[.!?。！？]["'”’)*_]{0,4})\s+/

/**
 * What a reply may have answered in words, the likeliest first: in its box; behind its last label; else the reply itself, its first line,
 * its last, what is said to be something in a reply of a few sentences, what alone is bold. Each as a whole, then up to the end of its
 * first sentence and clauses. Linear.
 */
export function* textAnswers(reply: string): Generator<string> {
  const text = readableReply(reply)
  for (const { text: answer } of answerTexts(text)) {
    if (noAnswer.test(answer)) continue
    yield* beginnings(answer)
    return
  }
  const short = text.length > 2 * maxSearched ? `${text.slice(0, maxSearched)}\n${text.slice(-maxSearched)}` : text
  yield plain(short)
  const tagged = /^\s*<([\p{L}_]{1,30})>([^<>]*)<\/\1>\s*$/u.exec(short)?.[2]
  if (tagged !== undefined) yield* beginnings(tagged)
  const lines = short.split('\n').filter((line) => /[\p{L}\p{N}]/u.test(line))
  const [first = '', last = ''] = [lines[0], lines.at(-1)]
  for (const line of new Set([first, last])) {
    const bare = line.replace(listMark, '')
    if (line === first) yield* beginnings(bare)
    else yield plain(bare)
    if (line !== first && optionMark.test(bare)) yield* beginnings(bare)
    const label = ownLabel.exec(bare)?.[0]
    if (label !== undefined) yield* beginnings(bare.slice(label.length))
  }
  yield* onlyBold(short)
  const stated = lines.length > 4 ? [] : lines.flatMap((line) => line.split(sentences))
  if (stated.length > 4) return
  const subject =
    /^[\s*_]*(?![\s*_])((?:\S{1,40}\s){1,4}?)(?:is|was|are|were)\s(?!.*\b(?:not|never|no|wrong|incorrect|false)\b)/i.exec(
      stated[0] ?? '',
    )?.[1]
  if (subject !== undefined) yield plain(subject)
  for (const sentence of stated.reverse()) {
    for (const match of [...sentence.matchAll(copula)].slice(0, maxCuts)) {
      const clause = sentence
        .slice(0, match.index)
        .split(/[,;:]\s|\bbut\b/)
        .at(-1)!
      if (denied.test(clause)) continue
      yield* beginnings(sentence.slice(match.index + match[0].length))
    }
  }
}

function* onlyBold(text: string): Generator<string> {
  const bold = [...text.matchAll(/(\*\*|__)([^*_\n]{1,200})\1/g)]
    .map((match) => match[2]!.trim())
    .filter((each) => !/[:：]$/.test(each))
  if (new Set(bold.map(foldText)).size === 1) yield bold[0]!
}

const article = /^(?:the|an?) (?=\S)/

/** A text as answers in words are compared: without case, spacing, marks around it, an article before it. */
export function foldAnswer(text: string): string {
  return trimmedEnds(foldText(text.replace(/\p{Extended_Pictographic}/gu, ' '))).replace(article, '')
}
