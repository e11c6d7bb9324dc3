import { type AnswerText, answerTexts, firstParagraph, numberSentence, readableReply } from './answer-text.ts'
import { cleanNumber } from './clean-number.ts'
import { withoutCommands } from './plain-text.ts'
import {
  listsAssignments,
  orBefore,
  type PlacedQuantity,
  type Quantity,
  quantitiesIn,
  readQuantity,
} from './quantity.ts'

/**
 * The number that a reply answers with: of its last box that holds one; else of its last label with one directly behind it; else its last
 * whole quantity. Without values where the reply has a number there that is not understood as a whole; null where it has none. Linear, and
 * it never throws.
 */
export function readNumberAnswer(reply: string): Quantity | null {
  const text = readableReply(reply)
  for (const answer of answerTexts(text)) {
    if (!answer.isBefore && isNone.test(withoutCommands(answer.text.slice(0, 200)))) return null
    const read =
      answer.from === 'box'
        ? readQuantity(answer.text)
        : answer.isBefore
          ? readQuantity(answer.text, { isLast: true })
          : readLabelled(answer)
    if (read !== null) return read
  }
  return lastQuantity(text)
}

/** An answer that there is none, whatever numbers are said with it: "no solution for n = 5". */
const isNone =
  /^\W{0,6}(?:un(?:known|defined|determined|solvable)|indeterminate|impossible|not (?:possible|defined|known|determin\w+|enough)|no (?:real |valid |such )?(?:solutions?|answers?|numbers?|values?)\b|none\b|does not exist|cannot be|there (?:is|are) no)/i
const denied =
  /^\W{0,4}(?:(?:clearly|certainly|definitely|obviously|probably|simply|actually) )?(?:not|nicht|pas|no es|non è|не|不是)\b/i
const insteadOf =
  /^[^.\n]{0,60}?(?:\bbut\b|\brather\b|\binstead\b|\bsondern\b|\bmais\b|\bsino\b|\bit(?:'s| is)\b|而是)/i

/** A guess that is denied at once: "is it 150? No, …". */
const guess = /^[^\s?]{1,20}\?\s+(?:no|nope|wait|hmm|not quite)\b/i

function readLabelled({ text, isStated }: AnswerText): Quantity | null {
  if (guess.test(text)) return null
  if (denied.test(text)) {
    const instead = insteadOf.exec(text)?.[0]
    return instead === undefined
      ? null
      : readQuantity(numberSentence(text.slice(instead.length), { isStated }), { isDirect: true })
  }
  const lines = firstParagraph(text).split('\n', 12)
  // An answer that is worked out in lines ends with the last of them.
  const worked = lines.length > 1 && isWorked(lines[0]!) ? lines.findLast(isWorked) : undefined
  const sentence = numberSentence(worked ?? text, { isStated })
  const read = readQuantity(sentence, { isDirect: true })
  const outcome = read?.values.length === 0 ? thatIs.exec(sentence) : null
  return outcome === null
    ? read
    : (readQuantity(sentence.slice(outcome.index + outcome[0].length), { isDirect: true }) ?? read)
}

/** "the sum of 3 and 4, which is 7" */
const thatIs =
  /\b(?:(?:which|that) (?:is|equals|gives|makes|comes to)|i\.e\.|namely|giving|making)(?: (?:equal )?to)?,?/i

const isWorked = (line: string): boolean => /=/.test(line) && /[-+×*/÷]/.test(line)

/** So much of a reply's end is looked through for its last quantity, and so long is a line. */
const maxSearched = 20_000
const maxLine = 4_000
const maxLines = 40

const abstains = new RegExp(
  [
    String.raw`\bI (?:do not|don['’]t) know`,
    String.raw`\b(?:I|we|one|you) (?:can ?not|can['’]t|could(?: not|n['’]t)|am not able to|(?:am|are) unable to) (?:determine|answer|solve|tell|compute|calculate|find|say|help|assist|see)\b(?! I\b)`,
    `(?:can ?not|can['’]t|could not) be (?:determined|answered|computed|calculated|found|solved)`,
    String.raw`(?:\b(?:not|no|without)|n['’]t)(?: (?:have|contain|give|provide|include))? (?:enough|sufficient) (?:information|data|details?)|\binsufficient (?:information|data)`,
    String.raw`\b(?:unable|impossible|not possible|not sure how) to (?:determine|answer|solve|say|tell|know|find|compute|calculate|help)`,
    String.raw`\b(?:it|answer|that|this) depends\b|\bquestion is (?:unclear|ambiguous|incomplete)`,
    String.raw`\b(?:is|are|was|were)(?: not|n['’]t) (?:given|provided|specified|stated|mentioned)\b`,
    String.raw`\b(?:problem|question|text|passage) (?:does not|doesn['’]t) (?:say|state|specify|give|mention|tell|provide)`,
    String.raw`^\W*(?:no answer|n/a)\b|无法(?:确定|回答|计算)`,
  ].join('|'),
  'i',
)
/** A number is given all the same. */
const goesOnToAnswer = /\b(?:but|however|instead|so|therefore|thus|hence|then|let)\b.*\p{Nd}|=\s*-?\p{Nd}/isu

function isAbstention(end: string): boolean {
  const found = abstains.exec(end)
  return found !== null && !goesOnToAnswer.test(end.slice(found.index + found[0].length))
}

/** Lines that go with an answer and hold none. */
const aside =
  /^\W{0,6}(?:confidence|certainty|notes?|sources?|ref(?:erence)?s?|difficulty|grade|score|time|tokens?|p\.? ?s\.?|page|hope|let me know|check|verification|if you|feel free|please)\b|\?\s*$|^\W*$/i
const address = /https?:\/\/\S+|www\.\S+|(?<!\S)[\w.+-]+@[\w-]+\.\S+/g
const bullet = /^\s*(?:[-*•+–]\s+|\(?\d{1,2}[.)]\s+(?=\S))+|(?<=\S)\s*\[\d{1,2}\]\W*$/g
const hasNumber = /[\p{Nd}¼-¾⅐-⅞πΠ∞]|\\(?:frac|pi|infty)/u

function lastQuantity(reply: string): Quantity | null {
  const end = reply.slice(-maxSearched)
  if (isAbstention(end.slice(-2_000))) return null
  const inDigits = hasNumber.test(reply)
  const lines = end.split('\n').slice(-maxLines).reverse()
  for (const each of [lines.filter((line) => !aside.test(line)), lines]) {
    for (const line of each) {
      const read = lastOfLine(line.slice(-maxLine), inDigits)
      if (read !== null) return read
    }
  }
  return null
}

const emphasised = /\*\*([^*\n]{1,120})\*\*(?!\d)/g
const sentences = /(?<=[.!?](?:\*\*)?)\s+(?=[\p{Lu}"'(*])|(?<=[。！？])/u

/** With a verb, or words enough for one: an exclamation mark ends it. */
const isSentence = /\b(?:is|are|was|were)\b|(?:\p{L}[\p{L}'’]*[^\p{L}]+){3}/iu

function lastOfLine(line: string, inDigits: boolean): Quantity | null {
  const text = line.replace(bullet, '').replace(address, ' ')
  if (inDigits && !hasNumber.test(text)) return null
  if (!inDigits) return lastAsWords(text)
  for (const [, content] of [...text.matchAll(emphasised)].reverse()) {
    const read = /[:：]\s*$/.test(content!) ? null : readQuantity(content!)
    if (read !== null) return read
  }
  const all = text.split(sentences).reverse()
  for (const sentence of [...all.filter((each) => !aside.test(each)), ...all.filter((each) => aside.test(each))]) {
    const read = lastOfSentence(
      cleanNumber(withoutCheck(sentence).replace(isSentence.test(sentence) ? /[.!?]+\s*$/ : /[.?]+\s*$/, '')),
    )
    if (read !== null) return read
  }
  return null
}

/** "x = 7, check: 7² = 49": what is checked behind an answer is none. */
const check =
  /[,;(–—✓] ?\(?(?:let['’]s |to )?(?:check|checking|verify|verifying|verification|proof)\b ?(?:[:=–—-]|that\b)/i

function withoutCheck(sentence: string): string {
  const at = check.exec(sentence)?.index
  return at !== undefined && /\d/.test(sentence.slice(0, at)) ? sentence.slice(0, at) : sentence
}

function lastAsWords(text: string): Quantity | null {
  for (const sentence of text.split(sentences).reverse()) {
    const read =
      sentence.length > 300
        ? null
        : readQuantity(sentence.replace(/\b(?:no )?one\b(?=\s+(?:of|who|that|can|could|must|day|may))/gi, ' '))
    if (read !== null) return read
  }
  return null
}

/** A word or a sign that says what something is, directly before its number. */
const statesAnswer =
  /(?:=|≈|→|:|\b(?:is|are|was|were|equals?|equal to|be|makes?|gives?|yields?|totals?|comes? (?:out )?to|amounts? to|ist|sind|beträgt|est|sont|es|son|è|adalah|jest)|(?:^|\s)[éè]|は|是|为|為|等于|等於|共) ?(?:(?:about|approximately|approx\.?|around|roughly|exactly|only|just|now|then|still|therefore|thus|a total of|equal to) )*$/i
const inTotal = /^ ?(?:\p{L}+ ){0,2}?(?:in total|in all|altogether)\b/iu
const aboutElse = /(?:^|[,;(] ?)(?:since|because|if|when|as|with|given|where|while|suppose|assuming)\b[^,;]*$/i

/** What a sentence comes to. */
const conclusion =
  /(?:[,;:]\s|\s)(?:so(?! (?:that|many|much|far)\b)|thus|therefore|hence|consequently|leaving|meaning|making it|I(?: would|['’]d)? (?:think|guess|say)|→|⇒)(?=\s)|,\sfor(?=\s)|;\s/gi
/** Behind this a number is what the answer is not. */
const deniedBefore =
  /(?:\b(?:not|cannot|never|nicht|pas|non è|no es)|n['’]t|不是|≠)(?: (?:be|equals?(?: to)?|quite|simply|exactly|just|necessarily))* ?$/i

/** Before a number that only names something. */
const nameBefore =
  /\b(?:years?|steps?|days?|weeks?|months?|quarters?|parts?|cases?|equations?|eq\.|problems?|questions?|figures?|tables?|lines?|pages?|rows?|columns?|phases?|options?|rounds?|items?|in) \(?$/i

/**
 * Before a number that is a circumstance of another one: how long, of how many, with what. What one ends up with, and what one pays ("for
 * 12" without a noun behind it) is none.
 */
const circumstance =
  /(?:\b(?:(?<!\bresult\w* )in|for|at|by|of(?= (?:the|his|her|their|its|those|these)\b)|including|on|after|before|instead of|rather than|unlike|versus|vs\.?|compared (?:to|with)|as|within|during|over|among|across|throughout|until|since|than|every|(?<!\b(?:end\w*|up|left|leav\w+|finish\w*)(?: \w+)? )with|dans|pour|avec|après|für|nach|mit|en|con|para|por|tras|who \p{L}+|whose \p{L}+ \p{L}+)(?: (?:\p{L}+ing|\p{L}+['’]s|each of|an?|the|all|these|those|his|her|their|its|my|our|your|both|only|about|next|first|last|other|day|days|week|month|year|les|des|los|las|den|die|der))*|分给|给|在|用) ?$/iu
const isCircumstance = (text: string, { start, end }: PlacedQuantity): boolean => {
  const before = circumstance.exec(text.slice(Math.max(0, start - 60), start))?.[0]
  if (before === undefined) return false
  const behind = text.slice(end, end + 20)
  if (/^by\b(?! \p{L}+ing)/iu.test(before)) return /^ ?[ap]\.?m\b/i.test(behind)
  return !/^(?:for|at)\b/i.test(before) || /^ ?\p{L}/u.test(behind) || text[end - 1] === '%'
}

/** The quantity of the last clause that has one: "There are 4 rows of 5, so 20" comes to 20. */
function lastOfSentence(text: string): Quantity | null {
  const cuts = [...text.matchAll(conclusion)].filter(({ index }) => !isBetween(text, index))
  let end = text.length
  for (const { index } of cuts.reverse()) {
    const clause = text.slice(index + 1, end)
    const isPart = text[index] === ';' && !/\p{L}{3}/u.test(clause)
    const read = isPart ? null : lastOfClause(clause, { isMain: false })
    if (read !== null) return read
    if (!isPart) end = index
  }
  return lastOfClause(text.slice(0, end)) ?? lastOfClause(text)
}

/** What a clause says to be the result, the last where there are several; else its last quantity outside of parentheses. */
function lastOfClause(text: string, { isMain = true } = {}): Quantity | null {
  const all = [...quantitiesIn(text)].filter(({ start }) => {
    const before = text.slice(Math.max(0, start - 40), start)
    return !deniedBefore.test(before) && (isMain || !nameBefore.test(before))
  })
  const isAside = ({ start }: PlacedQuantity) => isBetween(text, start)
  const found = all.some((quantity) => !isAside(quantity)) ? all.filter((quantity) => !isAside(quantity)) : all
  const stated = found.findLast(({ start, end }) => {
    const before = text.slice(Math.max(0, start - 120), start)
    return (statesAnswer.test(before) || inTotal.test(text.slice(end, end + 40))) && !aboutElse.test(before)
  })
  const chosen = stated ?? found.findLast((quantity) => !isCircumstance(text, quantity)) ?? found.at(-1)
  if (chosen === undefined) return null
  if (chosen.values.length === 0) return chosen
  // One of several is read with the others.
  if (/=[^=]* or [^=]*=/.test(text) || listsAssignments(text)) return readQuantity(text)
  const other = orBefore.test(text.slice(Math.max(0, chosen.start - 40), chosen.start))
    ? found.findLast(({ end }) => end <= chosen.start)
    : undefined
  const both = other === undefined ? null : readQuantity(text.slice(other.start))
  // "half of the 12, which is 6": another quantity, not the same once more.
  const isOther = both !== null && both.values.length > 0 && !both.values.includes(chosen.values[0]!)
  return both === null || isOther ? readQuantity(text.slice(chosen.start)) : both
}

/** Whether a place is inside of parentheses that words stand in. */
function isBetween(text: string, at: number): boolean {
  const open = text.lastIndexOf('(', at)
  if (open <= 0 || !/\s$/.test(text.slice(0, open))) return false
  const close = text.indexOf(')', open)
  return close > at && /[a-zA-Z=]/.test(text.slice(open, close))
}
