import { isOfRate } from './wait.ts'

/** What a refusal says of tokens: the longest reply that the model gives, or its context, where the prompt takes so much of it. */
export type TokenRoom = { maxTokens: number } | { context: number; prompt: number }

/** A number that stands alone: no part of a name, a version or a date. */
const number = /(?<![\w.-])\d[\d,_]*(?![\w-]|\.\d)/g
/** Numbers that count something else. */
const ofOthers =
  /(?<![\w.-])\d[\d,_]*\s{0,3}(?:m?s|seconds?|images?|messages?|characters?|chars|bytes|requests?|tools?|stop)\b/gi
/** `[1,256]` is a range, no thousand; so are `(0..256]` and `[1-256]`. */
const range = /([[(])(\d+)(?:,|-|–|~|\.{2,3})(?=\d)/g
const ofContext = /context|inputs\W{0,3}tokens|sequence length|in total|\d\W{0,3}\+/i

/** How endpoints call the limit of a reply; that of a prompt, a context or a sequence has other words between. */
const ofReply =
  /max(imum)?[\W_]{0,2}(number of )?((allowed|new|output|completion|response|reply|generated|generation|predicted)[\W_]{0,2}){0,2}tokens?|max_?length|(output|completion|response|reply|new|generated)[\W_]{0,2}(tokens?|length|limit|budget|size|cap\b)|(output|completion|response|reply) of [\d,_]+ tokens|tokens? (per|in (a|one|each)) (output|completion|response|reply)|tokens? to (generate|sample|predict|output)|n(um)?_?predict\b/i
/** That a number is the most. */
const upper =
  /exceed|at most|up to|\bmax(imum)?\b|limit|larger|greater|higher|above|over\b|more than|too (large|big|high|long|many)|(less|lower|smaller|fewer) (than|or)|[<>≤]|range|between|supports?\b|allow|\bonly\b|\bcap(ped)?\b|bounds?\b|[[(]\d+(,? | to )\d+[\])]|大于|超|最大|范围|不得|小于|应为|上限|最多|不能/i
/** A number that is the least, and the words before it. */
const lower =
  /(at least|minimum|>=|≥|too (small|low|short)|below|(must|should|has to|needs to) (be )?(greater|larger|more|higher|above|exceed))[^;\d]{0,60}[\d,_]+/gi
const ofPrompt =
  /(prompt|inputs?)\b.{0,40}(exceed|too (long|large))|(exceed|too (long|large)).{0,40}(prompt|inputs?\b)/i

/**
 * What the text of a refusal says of tokens; null where it says nothing of the kind. Endpoints say it in many ways, but with the same
 * numbers: the tokens that were asked for, and beside them those that a reply may have; or those of the context, of the prompt, and of
 * both together. `asked`: tokens that the refused request allowed its reply; `field`: what the refusal names beside its text.
 */
export function tokenRoomIn(text: string, asked: number, field = ''): TokenRoom | null {
  if (isOfRate(text)) return null
  const found = numbersIn(text)
  const others = [...found].filter((each) => each !== asked)
  const prompt = others.find((each) => each > 0 && found.has(each + asked))
  const context = largest(others, (each) => each !== prompt && each < (prompt ?? 0) + asked)
  if (prompt !== undefined && context !== null) return { context, prompt }
  const [one, other] = others
  if (ofContext.test(text) && found.has(asked) && one !== undefined && other !== undefined && others.length === 2)
    return { context: Math.max(one, other), prompt: Math.min(one, other) }
  const isNamed = ofReply.test(field) ? 'alone' : ofReply.test(text)
  const sentences = `${text}\n${field}`.split(/[.;](?=\s|$)|\n/)
  const limits = sentences.flatMap((sentence) => limitIn(sentence, asked, isNamed) ?? [])
  const maxTokens = largest(limits, () => true)
  return maxTokens === null ? null : { maxTokens }
}

/**
 * The most tokens of a reply, as one sentence has it; null where it is about something else. `isNamed`: the limit of a reply is named in
 * another ("Invalid max_tokens. It must be <= 256."), or in a place for that alone.
 */
function limitIn(sentence: string, asked: number, isNamed: boolean | 'alone'): number | null {
  if (!upper.test(sentence.replaceAll(range, '$1$2 '))) return null
  const found = numbersIn(sentence.replaceAll(lower, ''))
  const hasAsked = found.has(asked)
  if (ofPrompt.test(sentence) && !hasAsked) return null
  const isOther = isNamed !== 'alone' && /prompt|input|context|window/i.test(sentence)
  const isOfReply = ofReply.test(sentence) || (isNamed && !isOther)
  // Bedrock: "400 is not less or equal to 256".
  if (!isOfReply && !(hasAsked && /\bnot (less|lower|smaller)|greater|larger|>/.test(sentence))) return null
  const isBelow = new RegExp(
    String.raw`((less|lower|smaller|fewer) than|<|below)\W{0,3}${asked}\b|\b${asked} \(exclusive`,
  )
  return largest(found, (each) => each < asked && each > 1) ?? (isBelow.test(sentence) ? asked - 1 : null)
}

const numbersIn = (text: string): Set<number> =>
  new Set(
    [...text.replaceAll(ofOthers, '').replaceAll(range, '$1$2 ').matchAll(number)].map(([digits]) =>
      Number(digits.replaceAll(/[,_]/g, '')),
    ),
  )

function largest(numbers: Iterable<number>, holds: (each: number) => boolean): number | null {
  const held = [...numbers].filter(holds)
  return held.length > 0 ? Math.max(...held) : null
}
