import { objectAt, type Search } from './relaxed-json.ts'

/** The text of a reply outside its thoughts. `open`: its thoughts do not end, or nothing comes after them. */
export type TextOutsideThoughts = { answer: string; open: boolean }

/** A word in the name of what holds thoughts: `think`, `seed:think`, `thought_process`, `begin_of_thought`, Gemma's `unused94`. */
const thinking =
  /^(?:ant)?think(?:ing)?$|^thoughts?$|^reason(?:ing)?$|^reflections?$|^(?:analysis|scratchpad|monologue|rumination|cot|unused94|unused95)$/
/** A word in the name of the token before an answer, or behind it: `begin_of_solution`, `END_RESPONSE`, `answer_start`. */
const answering = /^(?:solution|response|answer|output|final|content|message)$/
/** A word in the name of an element at the beginning of a reply that holds what was written before the answer. */
const drafting =
  /^(?:plan|planning|(?:pre)?draft|drafts|drafting|sketch|outline|brainstorm(?:ing)?|scratch|notes?|notepad|inner|rationale|deliberat(?:e|ion)|workings?|workspace|musings?|reflect(?:ing)?|critique|analy[sz](?:e|ing))$/
/**
 * The last word in the name of an element that need not end: HTML without an end tag, what names an answer (where its end tag was a stop
 * sequence), a type, a token of a tokenizer, a single letter.
 */
const endless = new RegExp(
  `^(?:${[
    'html|head|body|p|li|d[td]|r[tp]|optgroup|option|colgroup|caption|thead|tbody|tfoot|t[rdh]|area|base|[bh]r|col|embed|img|link|meta|source|track|wbr',
    'solution|response|answer|output|final|content|message|reply|result|input|question|problem|exercise|example|sample|item|entry|row|record|data|json|xml|yaml|csv|text|code|user|assistant|model|bot',
    'int(?:eger)?|float|double|bool(?:ean)?|char|str(?:ing)?|number|object|any|void|null|none|bos|eos|pad|unk|sep|cls|mask|id|unused\\d+|[a-z]',
  ].join('|')})$`,
)
const closing = /^(?:end|stop|close|suffix|unused95)$/
const sides = /^(?:begin|start|open|prefix|end|stop|close|suffix|of)$/
/** Tokens between turns; what one of them ends is over. */
const turns = /^(?:end|return|call|start|turn|im_start|im_end|eot_id|eom_id|eos|end_of_turn|end_of_text|endoftext)$/i

/** Tokens that begin a turn of the user, as templates have them. */
const usersTurn =
  /^(?:<\|(?:im_start|start|start_header_id|header_start)\|>\s?(?:user|human)\b|<[|｜](?:user|human|prompter|user_token)[|｜]>|<start_of_turn>\s?user\b|<extra_id_1>\s?user\b|<\|turn>user\b|\[INST\])/i
const maxTurnChars = 40
/** Endpoints that give the prompt back with the reply. */
const beginsChat =
  /^\s*(?:<s>|<\|begin_of_text\|>)?\s*(?:<[^<>\s]{1,20}>\s?(?:system|developer|user|human)\b|<[|｜](?:system|user)[|｜]>|\[INST\])/i

/**
 * What may begin or end thoughts: a brace, where an object of JSON may begin; the head of a channel, in Harmony's form and Gemma's; a
 * special token; a tag as of XML, escaped or in Kimi's brackets; square brackets, as Mistral's and Apriel's.
 */
const marks = new RegExp(
  [
    String.raw`\{`,
    String.raw`<\|channel\|?>\s*(?<channel>[a-z]*)(?:[^<\n]{0,200}(?:<\|constrain\|>[^<\n]{0,50})?<\|message\|>)?`,
    String.raw`<[|｜](?<token>/?[\w▁]+)[|｜]?>(?:(?<=start\|>)assistant)?`,
    String.raw`<(?<closer>channel|turn)\|>`,
    String.raw`(?:[<＜◁]|&lt;)\s{0,9}(?<slash>/?)\s{0,9}(?<tag>[a-z][\w:.-]*)(?<attributes>(?:\s[^<>＞▷]{0,300})?/?)(?:[>＞▷]|&gt;)`,
    String.raw`\[(?<bracketSlash>/?)(?<bracket>[a-z]+)\](?!\()`,
    String.raw`\[(?<apriel>BEGIN|END) FINAL RESPONSE\]`,
  ].join('|'),
  'gi',
)

/** `open` and `close` have a name; `answer`: all before it was thoughts; `turn`: what a special token began is over. */
type Mark = { kind: 'open' | 'close'; name: string } | { kind: 'answer' | 'turn' }

/**
 * Takes a model's thoughts off its reply, in whatever tags: of any case, with blanks and attributes, inside one another, again and again,
 * or ended without a beginning where the prompt began them. A tag in a string of JSON, or between quotes, is text. Linear in the reply's
 * length.
 *
 * T1  Nothing in thoughts, or before an end of thoughts whose beginning nobody saw, is part of the answer.
 * T2  Thoughts end with the tag that began them: those inside them do not end them. A tag that ends none of them ends all.
 * T3  Where the prompt is known: an element that begins the reply, does not end, and is nothing that was asked for, is thoughts that do not
 *     end. One that ends, and whose name is a draft's (`plan`), is thoughts where the prompt does not show its tag.
 * T4  Where a token begins a turn of the user behind an object, the reply is over: its model did not stop, and goes on with both sides.
 */
export function withoutThoughts(reply: string, prompt?: string): TextOutsideThoughts {
  const text = behindPhrases(reply)
  if (text === null) return { answer: '', open: true }
  if (!/[<[＜◁]|&lt;/.test(text)) return { answer: text, open: false }
  const marked = withoutMarked(text, prompt)
  return !marked.open && prompt !== undefined && beginsEndless(marked.answer, prompt)
    ? { answer: '', open: true }
    : marked
}

function withoutMarked(text: string, prompt: string | undefined): TextOutsideThoughts {
  const pieces: string[] = []
  const open: string[] = []
  const search: Search = { left: 8 * text.length }
  let from = 0
  let behindObject = 0
  /** Whether an object stands outside of thoughts. */
  let hasObject = false
  const isChat = beginsChat.test(text)
  let begun = 0
  let ended = 0
  /** Whether nothing of the answer stands before what is looked at. */
  let isFirst = true
  for (const found of text.matchAll(marks)) {
    const { 0: whole, index } = found
    if (index < behindObject) continue
    if (whole === '{') {
      behindObject = objectAt(text, index, search)?.end ?? 0
      hasObject ||= behindObject > 0 && open.length === 0
      isFirst &&= open.length > 0
      continue
    }
    const behind = index + whole.length
    if (
      hasObject &&
      !isChat &&
      open.length === 0 &&
      !isQuoted(text, index, behind) &&
      usersTurn.test(text.slice(index, index + maxTurnChars))
    ) {
      pieces.push(text.slice(from, index))
      from = text.length
      break
    }
    isFirst &&= open.length > 0 || isBlank(text.slice(from, index))
    const mark = isQuoted(text, index, behind)
      ? null
      : (markOf(found, open) ?? draftMark(found, open, isFirst ? prompt : undefined))
    if (!mark) {
      isFirst &&= open.length > 0
      continue
    }
    if (open.length === 0) pieces.push(text.slice(from, index))
    from = behind
    switch (mark.kind) {
      case 'open':
        begun++
        if (!open.includes(mark.name)) open.push(mark.name)
        break
      case 'close': {
        const isStray = open.length === 0 && begun > 0 && begun === ended && text.slice(behind).trim() === ''
        if (open.length === 0 && !isStray) {
          pieces.length = 0
          isFirst = true
        }
        open.length = Math.max(0, open.indexOf(mark.name))
        ended++
        break
      }
      case 'answer':
        pieces.length = 0
        open.length = 0
        isFirst = true
        break
      case 'turn':
        if (open.at(-1)?.startsWith('|')) open.pop()
        break
      default:
        mark satisfies never
    }
  }
  if (from === 0) return { answer: text, open: false }
  if (open.length === 0) pieces.push(text.slice(from))
  const answer = unwrapped(pieces.join('').trimStart())
  return { answer, open: open.length > 0 || answer === '' }
}

/** A tag between quotes is spoken of, not used. */
const isQuoted = (text: string, from: number, to: number): boolean =>
  /[`"'“‘«]/.test(text[from - 1] ?? '') && /[`"'”’»]/.test(text[to] ?? '')

function markOf({ groups = {} }: RegExpExecArray, open: readonly string[]): Mark | null {
  const { channel, token, closer, slash, tag, attributes = '', bracketSlash, bracket, apriel } = groups
  if (channel !== undefined)
    return answering.test(channel.toLowerCase()) ? { kind: 'answer' } : { kind: 'open', name: '|channel' }
  if (closer !== undefined)
    return closer.toLowerCase() === 'channel' ? { kind: 'close', name: '|channel' } : { kind: 'turn' }
  if (apriel !== undefined) return { kind: apriel.toLowerCase() === 'begin' ? 'answer' : 'turn' }
  if (bracket !== undefined) {
    const name = bracket.toLowerCase()
    // In small letters other words between brackets are text.
    const holdsThoughts = thinking.test(name) && (name.startsWith('think') || bracket === bracket.toUpperCase())
    return holdsThoughts ? { kind: bracketSlash ? 'close' : 'open', name: `[${name}` } : null
  }
  if (token !== undefined) return ofToken(token)
  if (tag?.toLowerCase() === 'details') {
    // As Open WebUI has it; any other is part of a text.
    if (slash) return open.includes('details') ? { kind: 'close', name: 'details' } : null
    return /type\s*=\s*["']?(?:reason|think)/i.test(attributes) ? { kind: 'open', name: 'details' } : null
  }
  return tag === undefined ? null : ofTag(tag.toLowerCase(), slash === '/', attributes)
}

const wordsOfToken = (token: string): string[] =>
  token
    .toLowerCase()
    .replace('/', 'end_')
    .split(/[_▁\s]+/)

/** What a special token begins or ends: `begin_of_x`, `x_start` and `x` begin `x`. */
function ofSide(token: string): { name: string; isEnd: boolean } {
  const words = wordsOfToken(token)
  return { name: words.filter((word) => !sides.test(word)).join('_'), isEnd: words.some((word) => closing.test(word)) }
}

function ofToken(token: string): Mark | null {
  const words = wordsOfToken(token)
  if (words[0] === 'inner' || words.some((word) => thinking.test(word))) {
    const name = `|${words.filter((word) => !sides.test(word)).join(' ')}`
    return { kind: words.some((word) => closing.test(word)) ? 'close' : 'open', name }
  }
  if (turns.test(token)) return { kind: 'turn' }
  if (!words.some((word) => answering.test(word))) return null
  return { kind: words.some((word) => closing.test(word)) ? 'turn' : 'answer' }
}

function ofTag(tag: string, isEnd: boolean, attributes: string): Mark | null {
  const words = tag.split(/[:_.-]/)
  if (!words.some((word) => thinking.test(word))) return null
  if (attributes.endsWith('/')) return { kind: 'turn' }
  return {
    kind: isEnd || words.some((word) => closing.test(word)) ? 'close' : 'open',
    name: tag.replace(/^unused9[45]$/, 'unused'),
  }
}

/** What a tag of a draft's name begins or ends. `prompt`: left out where something of the answer stands before it. */
function draftMark({ groups = {} }: RegExpExecArray, open: readonly string[], prompt: string | undefined): Mark | null {
  const { tag, token, slash, attributes } = groups
  if (tag === undefined && token === undefined) return null
  const { name, isEnd } = token === undefined ? { name: tag!.toLowerCase(), isEnd: slash === '/' } : ofSide(token)
  if (isEnd) return open.includes(name) ? { kind: 'close', name } : null
  if (prompt === undefined || open.length > 0 || attributes?.endsWith('/')) return null
  return wordsOf(name).some((word) => drafting.test(word)) && !showsTag(prompt, name) ? { kind: 'open', name } : null
}

/** Whether a text begins with an element that does not end and is nothing that `prompt` asks for. */
function beginsEndless(text: string, prompt: string): boolean {
  const [, found, attributes = ''] =
    /^\s*(?:[<＜]|&lt;)\s{0,9}([a-z][\w:.-]*)((?:\s[^<>＞]{0,300})?\/?)(?:[>＞]|&gt;)/i.exec(text) ?? []
  if (found === undefined || attributes.endsWith('/')) return false
  const name = found.toLowerCase()
  const words = wordsOf(name)
  if (endless.test(nameOf(words)) || words.some((word) => sides.test(word))) return false
  if (new RegExp(String.raw`(?:[<＜]|&lt;)\s{0,9}/\s{0,9}${name}\s{0,9}(?:[>＞]|&gt;)`, 'i').test(text)) return false
  return words.some((word) => drafting.test(word)) || !asksFor(prompt, name)
}

/**
 * A tag in any script, a comment of HTML, a special token, a code fence, or a draft's name between square brackets, double braces or, where
 * it ends one, parentheses; a type's parameter (`List<Item>`) is none.
 */
const elements =
  /(?:(?<![\p{L}\p{N}_])|(?=(?:[<‹＜◁⟨]|&lt;)\s{0,9}\/))(?:[<‹＜◁⟨]|&lt;)\s{0,9}(?<slash>\/?)\s{0,9}(?<tag>[\p{L}_][\p{L}\p{N}_:.-]{0,60})(?<attributes>(?:\s[^<>＞▷]{0,300})?)(?<empty>\/?)(?:[>›＞▷⟩]|&gt;)|(?<comment><!--|‹!--)|(?<commentEnd>--[>›])|<[|｜](?<token>\/?[\p{L}\p{N}_▁.:-]{1,60})[|｜]?>|(?<bracketMark>\[|\{\{|(?<!\])\()\s{0,3}(?<bracketSlash>\/?)\s{0,3}(?<bracket>[\p{L}_]{2,40})\s{0,3}(?:\](?!\()|\}\}|\))|(?<=^|\n)[ \t]{0,9}(?<fence>`{3,9}|~{3,9})[ \t]{0,9}(?<info>[\p{L}_:.-]{0,40})/gu
/** Elements inside one another that are remembered. */
const mostOpen = 64
/** Elements of a page, which hold a row as they hold any other text. */
const ofPages =
  /^(?:div|span|pre|code|section|article|main|header|figure|figcaption|[bius]|em|strong|mark|su[bp]|a|[uo]l|d[l]|table|form|label|button|h[1-6]|svg|math|style|script)$/
/** The last word in the name of what holds data, beside those of `endless`: it names what was asked for. */
const ofData =
  /^(?:answers|outputs|results|items|rows|pair|pairs|qa|instance|object|document|task|candidate|generated|new|completion|body|payload|return|box|calls?|function|invoke|parameters?|arguments?|dataset|jsonl|ndjson)$/
/** Words in the names of special tokens that begin or end a turn or its parts, not thoughts. */
const ofTurns =
  /^(?:im|eot|eom|header|system|python|tag|tool|calls|fim|middle|begin|start|end|sentence|turn|constrain|channel|return|pad|eod|startoftext|endoftext|role|assistant\d*|chatbot|token|dummy|placeholder\d*)$/

/** Words that take back what a name says: `<previous_output>`, `<bad_example>`. */
const refuting =
  /^(?:bad|wrong|incorrect|invalid|faulty|flawed|false|rejected|discarded|previous|prior|old|earlier|former|initial|negative|counter|not|no|non)$/

const isOfAnswer = (name: string): boolean => {
  const words = wordsOf(name)
  if (words.length > 1 && words.some((word) => refuting.test(word))) return false
  const last = nameOf(words)
  return endless.test(last) || ofData.test(last)
}

/** Whether a field of an object holds thoughts, a draft, or what is taken back: `reasoning`, `firstDraft`, `rejected`. */
export const isOfDraft = (field: string): boolean =>
  wordsOf(field.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()).some(
    (word) => thinking.test(word) || refuting.test(word) || /^(?:(?:pre)?drafts?|alternatives?)$/.test(word),
  )

const isOfTurn = (token: string): boolean =>
  wordsOfToken(token).every((word) => ofTurns.test(word) || sides.test(word) || /^(?:id|\d*)$/.test(word))

/** Where in a reply one reads. */
export type ReplyPosition = {
  /** Reads on, through a text outside objects. True where that ends an element which nobody saw begin: all before it was inside. */
  read(text: string): boolean
  /** Whether this place is inside an element, or behind a special token, that names no answer: a draft in thoughts of any name. */
  readonly isInside: boolean
}

/**
 * A reader at the beginning of a reply. What names an answer (`<answer>`, `<json>`, `<qa_pair>`) and what a page is made of (`<div>`,
 * `<pre>`) are no thoughts, nor are the tokens of a turn; all other elements are, ended or not. Of special tokens one ends where the next
 * stands.
 */
export function startOfReply(): ReplyPosition {
  const open: { name: string; isToken: boolean }[] = []
  const enter = (name: string, isToken: boolean) => {
    open.push({ name, isToken })
    if (open.length > mostOpen) open.shift()
  }
  const leave = (name: string): boolean => {
    const from = open.findLastIndex((each) => each.name === name)
    if (from >= 0) open.length = from
    return from < 0
  }
  const token = (text: string) => {
    const from = open.findLastIndex(({ isToken }) => isToken)
    if (from >= 0) open.length = from
    const { name, isEnd } = ofSide(text)
    if (!isEnd && !isOfTurn(text) && !isOfAnswer(name.replaceAll('_', '.'))) enter(name, true)
    return isEnd && from < 0 && !isOfTurn(text) && !isOfAnswer(name.replaceAll('_', '.'))
  }
  return {
    get isInside() {
      return open.some(({ name, isToken }) => isToken || !isOfAnswer(name))
    },
    read(text) {
      let isStray = false
      for (const { groups = {}, index, 0: whole } of text.matchAll(elements)) {
        const { slash, tag, empty, comment, commentEnd, bracketMark, bracketSlash, bracket, fence, info } = groups
        if (fence !== undefined) {
          const name = fence[0]!.repeat(3)
          if (isDraftBracket(info!.toLowerCase())) enter(name, false)
          else if (info === '' && open.some((each) => each.name === name)) leave(name)
          continue
        }
        if (empty || isQuoted(text, index, index + whole.length)) continue
        if (groups.token !== undefined) {
          isStray = token(groups.token) || isStray
          continue
        }
        // A remark: "(thinking aloud)" is none, but whoever writes "(thinking)" may never end it.
        if (bracketMark === '(' && !bracketSlash) continue
        const name = (comment || commentEnd ? '!--' : (tag ?? bracket ?? '')).toLowerCase()
        if (bracket === undefined ? ofPages.test(name) : !isDraftBracket(name)) continue
        if (slash || commentEnd || bracketSlash) isStray = (leave(name) && !isOfAnswer(name) && !commentEnd) || isStray
        else enter(name, false)
      }
      return isStray
    },
  }
}

const isDraftBracket = (name: string): boolean =>
  !/^notes?$/.test(name) && wordsOf(name).some((word) => drafting.test(word) || thinking.test(word))

const isBlank = (text: string): boolean => !/\S/.test(text)

const wordsOf = (name: string): string[] => name.split(/[:_.-]/)

/** The last word that is no number. */
const nameOf = (words: readonly string[]): string => words.findLast((word) => !/^\d*$/.test(word)) ?? ''

const showsTag = (prompt: string, name: string): boolean => new RegExp(String.raw`[<|]\s*${name}\b`, 'i').test(prompt)

const asksFor = (prompt: string, name: string): boolean =>
  showsTag(prompt, name) ||
  (/xml|html|svg|markup|\btags?\b|\belements?\b/i.test(prompt) && prompt.toLowerCase().includes(name))

/** Models that mark their thoughts in words, with both phrases, the first at the beginning: Granite, Apriel, Harmony without its tokens. */
const phrases = [
  [/^\s*here is my thought process:/i, /here is my response:/gi],
  [/^\s*here are my reasoning steps:/i, /\[BEGIN FINAL RESPONSE\]/gi],
  [/^\s*analysis(?=[A-Z][a-z'’]*\s+[a-z])/, /assistantfinal/g],
] as const

/** The text behind the last phrase that ends thoughts; null where Harmony's analysis is all there is. */
function behindPhrases(text: string): string | null {
  const [pair] = phrases.filter(([starts]) => starts.test(text))
  if (!pair) return text
  const last = [...text.matchAll(pair[1])].at(-1)
  if (last) return text.slice(last.index + last[0].length).trimStart()
  return pair === phrases[2] ? null : text
}

/** The answer of models that wrap it, too, in a tag. */
const unwrapped = (answer: string): string =>
  /^<(answer|response|output|final)>([\s\S]*)<\/\1>\s*$/i.exec(answer)?.[2]?.trim() ?? answer
