import { answerTexts, firstLine, readableReply } from './answer-text.ts'
import { type IsLetter, judgedRight, type Letter, negative, preferred } from './option-judgements.ts'
import { withoutCommands, withoutMarks } from './plain-text.ts'

/** So much of either end of a reply is looked through. */
const maxSearched = 20_000

/**
 * The option that a reply chooses, as a capital letter; null where it chooses none or several. In this order: what is in its last box;
 * behind its last label of an answer or a choice; what it calls correct; its conclusion ("Therefore, B."); a letter that stands alone or
 * that the reply begins with, unless it goes through several options. Linear.
 */
export function readLetterAnswer(reply: string, letters: string): string | null {
  const isLetter = (letter: string) => letters.includes(letter)
  const text = withoutPointed(readableReply(reply).normalize('NFKC'), isLetter)
  for (const answer of answerTexts(text)) {
    if (answer.from === 'box') {
      const letter = leadingLetter(answer.text, isLetter)
      if (letter !== null) return decided(letter)
      continue
    }
    const letter = answer.isBefore ? wholeLetter(answer.text, isLetter) : labelledLetter(answer.text, isLetter)
    const later = letter === null ? null : laterChoice(text, answer.text, isLetter)
    if (letter !== null) return decided(later ?? letter)
  }
  const bare = plain(
    text.length > 2 * maxSearched ? `${text.slice(0, maxSearched)}\n${text.slice(-maxSearched)}` : text,
  )
  for (const read of [corrected, tagged, preferred, chosen, concluded, judgedRight, standing, exception]) {
    const letter = read(bare, isLetter)
    if (letter !== null) return decided(letter)
  }
  return null
}

/** "<B>", where no such tag closes, is the letter in brackets. */
function withoutPointed(text: string, isLetter: IsLetter): string {
  if (!/<[A-Z]>/.test(text) || /<\/[A-Za-z]>/.test(text)) return text
  return text.replace(/(?<![^\s*:(])<([A-Z])>(?=[\s*.,;!)]|$)/g, (tag, letter: string) =>
    isLetter(letter) ? `(${letter})` : tag,
  )
}

const decided = (letter: Letter): string | null => (letter === 'undecided' ? null : letter)
const plain = (text: string): string => withoutMarks(withoutCommands(text))

/** Words and marks that may stand before a letter that is meant as an answer. */
const lead =
  /^(?:[\s"'“”‘’«»「『【《（$([{<>|:=~#,.\\-]|(?:the|an?(?= option| choice| letter)|option|choice|letter|answer|alternative|statement|number|correct|right|best|is|are|be|that|it|to|just|only|none other than|clearly|definitely|obviously|surely|certainly|undoubtedly|for sure|of course|without (?:a )?doubt|therefore|thus|hence|so|probably|likely|most|i|we|think|believe|guess|would|say|choose|select|pick|go|with|my|final|la|le|el|los|die|der|das|den|l|letra|lettre|lettera|buchstabe|antwort|lösung|opción|opcion|opção|opcao|alternativa|opzione|risposta|réponse|respuesta|ответ|вариант|буква|под|huruf|pilihan|opsi|phương án|選択肢|选项|選項|选择|选|選|是|为|は)(?![\p{L}]))*/iu
const letterForm = /^([A-Za-z])(?![\p{Script=Latin}\p{N}]|['’](?:m|ve|ll|d|re|s)\b)/u
const connective =
  /^(?:because|since|as|for|is|and|or|but|with|which|due|given|by|on|in|from|if|when|according|where|not|the)\b/

/** The letter that a text begins with, behind words that may lead to it. */
function leadingLetter(text: string, isLetter: IsLetter): Letter {
  const bare = plain(text.slice(0, 2_000))
  // The longest lead may have eaten the letter, as in "I" or a French "A".
  for (const at of [lead.exec(bare)?.[0].length ?? 0, /^[\s"'“「『【《（([{$:.\\]*/.exec(bare)![0].length]) {
    const letter = letterAt(bare, at, isLetter)
    if (letter !== null) return letter
  }
  return null
}

function letterAt(text: string, at: number, isLetter: IsLetter): Letter {
  const rest = text.slice(at, at + 400)
  const letter = letterForm.exec(rest)?.[1]
  if (letter === undefined || !isLetter(letter.toUpperCase())) return null
  const after = rest.slice(1)
  const word = /^ ([a-z]\S*)/.exec(after)?.[1]
  // An article or a pronoun; in small letters also what is no letter elsewhere.
  if (/[AaIi]/.test(letter) && word !== undefined && !connective.test(word)) return null
  if (letter === 'a' && word !== undefined && !/^(?:because|since|and|or)\b/.test(word)) return null
  const other =
    /^[\s)\].,"'}:]{0,4}(?:or|and\/or|and|or else|oder|und|ou|et|o|y|e|&|\/|,|;|或|和|、) ?(?:option |choice |[("'[]){0,3}([A-Za-z])(?![\p{L}\p{N}]|['’]\p{L})(?=\s*(?:$|[.,;:!?)\]"'}\n/&]|(?:and|or|is|are|both|i|but)\b))/u.exec(
      after,
    )?.[1]
  const isSameCase = other !== undefined && /[A-Z]/.test(other) === /[A-Z]/.test(letter)
  if (isSameCase && isLetter(other.toUpperCase()) && other.toUpperCase() !== letter.toUpperCase()) {
    const isDenied = /^[^A-Za-z]{0,4}(?:,|;) ?(?:[A-Za-z]) (?:is|are)\b/.test(after)
    if (!isDenied) return 'undecided'
  }
  return letter.toUpperCase()
}

const denied =
  /^[\s*_:"']{0,6}(?:(?:clearly|certainly|definitely|obviously|probably|simply|actually) )?(?:not|isn['’]t|nicht|pas|no es|non è|não é|不是)\b\s*/i
const insteadOf =
  /(?:\bbut\b|\brather\b|\binstead\b|\bsondern\b|\bmais\b|\bsino\b|\bit(?:['’]s| is| must be| has to be)\b|\bso\b|而是|;)/gi

/** The letter behind a label. */
function labelledLetter(text: string, isLetter: IsLetter): Letter {
  const line = firstLine(text)
  if (/^[\s*_:"']{0,6}(?:either|both|neither|between|one of)\b/i.test(line))
    return preferred(plain(line), isLetter) ?? 'undecided'
  if (denied.test(line)) {
    for (const { index, 0: word } of line.matchAll(insteadOf)) {
      const letter = leadingLetter(line.slice(index + word.length), isLetter)
      if (letter !== null) return letter
    }
    return null
  }
  const letter = leadingLetter(line, isLetter)
  if (letter === 'undecided') return judgedRight(line, isLetter) ?? letter
  if (letter !== null) return letter
  // "Paris (B)", "Paris, option B"
  const sentence = plain(line).split(/[.!?](?=\s)|[。！？]/, 1)[0]!
  const named = [
    ...sentence.matchAll(
      /\(([A-Z])\)|\b(?:option|choice|letter|answer) \(?([A-Z])(?![\p{L}\p{N}])|, ([A-Z])(?=[.)]?\s*$)/giu,
    ),
  ].map((match) => (match[1] ?? match[2] ?? match[3]!).toUpperCase())
  const distinct = [...new Set(named.filter(isLetter))]
  return distinct.length === 1 ? distinct[0]! : null
}

/** A text that is a letter, but for words that lead to it and an option's own words: "So option (B)". */
function wholeLetter(text: string, isLetter: IsLetter): Letter {
  const bare = plain(text)
  const at = lead.exec(bare)?.[0].length ?? 0
  return /^[A-Za-z](?:[\s)\]"'.:]*$|[).:] )/.test(bare.slice(at)) ? letterAt(bare, at, isLetter) : null
}

const choice = new RegExp(
  [
    String.raw`(?:correct|right|best|selected|chosen|final|my|proper|appropriate|true)[^\S\n]+(?:option|choice|letter|alternative|one|statement|selection|response)(?:[^\S\n]+(?:to|for|of|in|here)[^.\n:=]{1,60}?)?[^\S\n]*(?:[:=]|\b(?:is|would be|should be|must be|has to be)\b)`,
    String.raw`["'](?:[a-z]+_)?(?:choice|option|selected|selection|letter|label|prediction|correct)(?:_[a-z]+)?["']\s*:`,
    '正确的?(?:选项|答案|说法)?(?:是|为)[:：]?',
    String.raw`(?<![A-Za-z])(?:option|choice|letter|selection|correct|solution|conclusion)[^\S\n]*[:=](?![^\S\n]*\n)`,
    String.raw`\bI(?:['’]d| would| will|['’]ll)?(?: therefore| thus| have to| must)? (?:choose|chose|select|pick|picked|go with|going with|opt for|say|answer|vote for)\b`,
    String.raw`\b(?:choose|select|pick|go with|opt for|leaves(?: us with)?|leaving|match(?:es|ing)|corresponds? to|corresponding to)\b`,
    '(?:故|应|应该|因此|所以|本题|此题|我|则|正确)?(?:选择?|選擇?)(?:项|項)?(?:的)?(?:是|为)?[:：]?(?=\\s*[A-Z(])',
    '(?:richtig|korrekt|correcta?|correta?|corretta?|correcte)(?: ist| est| es| é| è)[:]?',
  ].join('|'),
  'giu',
)

const ofCorrection =
  /\b(?:wait|actually|rather|i mean|scratch that|correction|no)\b[,:.!]? (?:(?:it['’]s|it is|the answer is|it must be|option|make that) ?)*[([]?([A-Z])[)\]]?(?=[.!]?\s*$)/gim

/** "No wait, D.": a letter alone behind words of correction. */
function corrected(text: string, isLetter: IsLetter): Letter {
  const letter = [...text.matchAll(ofCorrection)].at(-1)?.[1]
  return letter !== undefined && /[A-Z]/.test(letter) && isLetter(letter) ? letter : null
}

const afterCue = (text: string): string => text.replace(/^[\p{L}' ]{1,30}?[,:.]? (?=[A-Z(])/u, '')

/** A letter alone in a tag, whatever its name. */
function tagged(text: string, isLetter: IsLetter): Letter {
  const letter = [...text.matchAll(/<([a-z_]{1,30})>\s*\(?([A-Za-z])[).]?\s*<\/\1>/gi)].at(-1)?.[2]?.toUpperCase()
  return letter !== undefined && isLetter(letter) ? letter : null
}

/** Behind words of choosing, the last that a letter follows. */
function chosen(text: string, isLetter: IsLetter): Letter {
  for (const match of [...text.matchAll(choice)].slice(-20).reverse()) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 400)
    const letter = labelledLetter(rest.replace(/^\s*\n+/, ''), isLetter)
    if (letter !== null) return letter
  }
  return null
}

const conclusion =
  /(?:\b(?:therefore|thus|hence|so|then|consequently|donc|also|daher|folglich|luego|então|quindi|итак)\b|因此|所以|故|⇒|→|=>)[,:]? ?(?:(?:it|that|this|the (?:\w+ )?(?:answer|one|option|choice|statement))(?:['’]s| is| must be| has to be) |(?:we|i) (?:get|have|choose|pick) |option |choice |answer )*[([]?([A-Z])[)\]]?(?=[.!]?\s*(?:$|\n)|[.!] |[.):] [A-Z])/giu

function concluded(text: string, isLetter: IsLetter): Letter {
  const last = [...text.matchAll(conclusion)].findLast(
    ({ 0: found, 1: letter, index }) =>
      /[A-Z]/.test(letter!) &&
      isLetter(letter!) &&
      !isDenied.test(text.slice(index + found.length, index + found.length + 80)),
  )
  return last?.[1] ?? null
}

/** A line's own letter: alone, or with the option's words, or with why. */
const lineLetter =
  /^(?:A: )?[\s"'“„«‹「『【《（([{<$>•-]*(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Ll]etter|OPTION|ANSWER)\s+\(?)?([A-Za-z])(?:[)\]"'”.:;?!]+(?=\s|$)|[}>$»›。、，】」』》）]+|(?=\s+\()|(?<!I)(?=\s+[\p{Lu}0-9][^.!?]{0,60}$)|(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])|(?=\s*(?:[.!"'”]\s*)?$)|(?=[,;] (?![A-Za-z](?![a-z])))|(?=\s+[-–—]+\s)|(?= (?:is|it is|and not|but not|rather than|only|because|since|as|for|due)\b))(.*)/u

/** What denies the letter before it. */
const isDenied =
  /^[\s)\].:–—-]*(?:(?:is|are|seems|looks|was|would be|must be)\s+)?(?:(?:also|clearly|definitely|simply) )?(?:incorrect|wrong|false|not\b|isn['’]t|invalid|no\b|fails?\b|eliminated|excluded)|^[\s)\].:]*[❌✗✘]|^[^.;\n]{0,40}(?:错误|不正确|\bbut (?:is )?(?:wrong|incorrect|false|not)\b)/iu

/** A letter that stands alone on a line; else the one that its lines begin with, where it is one; else the last at a sentence's end. */
function standing(text: string, isLetter: IsLetter): Letter {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const heads = lines.flatMap((line) => {
    const match = lineLetter.exec(line)
    const letter = match?.[1]?.toUpperCase()
    if (!match || letter === undefined || !isLetter(letter)) return []
    if (isDenied.test(match[2]!)) return []
    const isSmall = match[1] !== letter
    const isAlone = /^[\s).\]"'”»›:;}>$。?!】」』》）]*$/.test(match[2]!)
    if (isSmall && !isAlone && !/^[\s"'“([>•-]*(?:option |choice )?\(?[a-z][).:\]]/i.test(line)) return []
    return [{ letter, isAlone, line }]
  })
  const alone = new Set(heads.filter(({ isAlone }) => isAlone).map(({ letter }) => letter))
  if (alone.size === 1) return [...alone][0]!
  const leading = new Set(heads.map(({ letter }) => letter))
  const first = heads[0]
  if (leading.size === 1 && first !== undefined && lines.indexOf(first.line) === 0)
    return listsOptions(first.line, first.letter, isLetter) ? null : first.letter
  if (leading.size > 1 && alone.size === 0) return null
  return lastStanding(text, isLetter)
}

const exceptions =
  /\b(?:false|incorrect|wrong|untrue|exception|odd one out)(?: (?:statement|option|choice|answer|one))?(?: is|:) (?:option |statement )?[([]?([A-Z])(?![\p{L}\p{N}'’])/gu

/** The one option that a reply calls false, where it chooses none: then that was asked for. */
function exception(text: string, isLetter: IsLetter): Letter {
  const found = [...text.matchAll(exceptions)].map((match) => match[1]!)
  return found.length === 1 && isLetter(found[0]!) ? found[0]! : null
}

/** Whether a line goes through several options: "A: 3, B: 4". */
function listsOptions(line: string, first: string, isLetter: IsLetter): boolean {
  const chosen = line.replace(/\b(?:not|than|over|instead of|unlike) [([]?[A-Z](?![\p{L}\p{N}])/gu, '')
  return [...chosen.matchAll(/(?<![\p{L}\p{N}])\(?([A-Z])[).:](?=\s|$)/gu)].some(
    ({ 1: letter }) => letter !== first && isLetter(letter!),
  )
}

/** A capital at the end of a sentence, where the last sentence that has one has no other. */
function lastStanding(text: string, isLetter: IsLetter): Letter {
  const sentences = text.split(/(?<=[.!?])\s|\n/)
  for (const sentence of sentences.reverse()) {
    const found = [
      ...sentence.matchAll(/(?<![\p{L}\p{N}'’-])(?<!\p{L}[([])[([]?([A-Z])(?=[)\]"'.!]*\s*$|\))(?!\p{L})/gu),
    ].map(({ 1: letter }) => letter!)
    if (found.length === 0) continue
    if (negative.test(sentence.split(/[,;:]\s|\b(?:therefore|so|thus|hence|but)\b/i).at(-1)!)) return null
    const letter = found.at(-1)!
    const isOther =
      /(?:\b(?:or|and|not|but|except|than|without|vitamin|plan|type|class|figure|appendix|grade|table|hepatitis|group|section|part|point|step|both|at|angle|vertex|event|side|line|let))[\s([]*[A-Z][)\]"'.!]*\s*$|(?:\d ?|°)[A-Z][)\]"'.!]*\s*$|(?<!\p{L})\p{L}[)\]]? ?[,/&] ?[([]?[A-Z][)\]"'.!]*\s*$/iu.test(
        sentence,
      )
    return isOther || !isLetter(letter) ? null : letter
  }
  return null
}

/** A choice that is said after an answer, as text of correction. */
function laterChoice(text: string, answer: string, isLetter: IsLetter): Letter {
  const from = text.lastIndexOf(answer.slice(0, 200))
  const after = plain(text.slice(from, from + maxSearched))
  const cue = [
    ...after.matchAll(
      /\b(?:wait|actually|correction|on second thoughts?|scratch that|i was wrong|my mistake|no(?=, ))\b/gi,
    ),
  ].at(-1)
  if (cue === undefined) return null
  const rest = after.slice(cue.index)
  return (
    corrected(rest, isLetter) ??
    chosen(rest, isLetter) ??
    judgedRight(afterCue(rest), isLetter) ??
    concluded(rest, isLetter)
  )
}
