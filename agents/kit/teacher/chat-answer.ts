import { isObject } from '../../../schemas/bounded-json.ts'
import { endingOf } from '../../../tasks/reply/ending.ts'
import { type JsonObject, jsonValues, objectsIn, plainName, valueUnder } from './json-values.ts'

/** What a body says as the answer to a chat request, whatever its form. */
export type ChatAnswer = {
  /** The parts of the message that are text, together. */
  text: string
  /** What stands beside the message's content: thoughts, and what a tool was to be called with. */
  beside: readonly Beside[]
  /** Why the reply ended, in the endpoint's words. */
  finish: string | null
  /** Why the model would not answer, in its words. */
  refusal: string | null
  model: string | null
  /** Tokens as the endpoint counts them; null where it does not. */
  usage: TokenUsage | null
  /** What went wrong before the answer was whole. */
  error: JsonObject | null
}

/** `field`: where it stands, `message.reasoning_content`. */
type Beside = { field: string; text: string }
export type TokenUsage = { input: number; output: number }

/**
 * The answer in the values of a body: a completion, or the parts of a stream together. Null where there is none. `isEnded`: the body is
 * not a stream that broke off.
 */
export function chatAnswerIn(values: readonly unknown[], isEnded: boolean): ChatAnswer | null {
  const layers = asChunks(objectsIn(values)).map((each) => layersOf(each))
  const found = layers.flatMap((each) => each.map(choiceIn).find((choice) => choice !== null) ?? [])
  const whole = found.findLast(({ isPart }) => !isPart)
  const parts = found.filter(({ choice }) => choice.index === found[0]?.choice.index).map(({ message }) => message)
  const message = whole?.message ?? joined(parts)
  if (message === null) return null
  const objects = layers.flat()
  const named = [...objects, ...found.map(({ choice }) => choice)].map((each) => each.error)
  const error = named.filter(isObject).find((each) => Object.keys(each).length > 0) ?? null
  // In the form of Bedrock it stands around the answer.
  const around = objects.map((choice) => ({ choice, message: {} }))
  const stated = [...around, ...found].map(finishOf).findLast((each) => each !== null) ?? null
  // Of a reply that nothing ended, an error did.
  const unsaid = error !== null ? 'error' : whole || isEnded ? null : 'the stream broke off'
  return {
    text: contentText(message.content),
    beside: besideIn(message),
    finish: stated ?? unsaid,
    refusal: refusalIn(message),
    model: objects.map(({ model }) => nonEmpty(model)).find((name) => name !== null) ?? null,
    usage: usageIn(objects),
    error,
  }
}

/** Fields in which gateways put the answer of the endpoint behind them, and how many may lie in each other. */
const wrappers = ['data', 'result', 'response', 'body', 'output']
const deepest = 4

/** An object with those that lie in it as a gateway puts them, the outermost first. */
function layersOf(object: JsonObject, depth = 0): JsonObject[] {
  if (depth === deepest) return [object]
  const inner = Object.entries(object).flatMap(([name, value]) => {
    if (!wrappers.includes(name) && !(isObject(value) && lists.some((list) => Array.isArray(value[list])))) return []
    const held = typeof value === 'string' && /^\s*\{/.test(value) ? jsonValues(value).values : [value]
    return objectsIn(held).flatMap((each) => layersOf(each, depth + 1))
  })
  return [object, ...inner]
}

type Choice = { choice: JsonObject; message: JsonObject; isPart: boolean }

/** Names of lists of answers, OpenAI's first. */
const lists = 'choices candidates results outputs generations predictions completions alternatives'.split(' ')

/** The first choice of an object that holds a message; null where none does. */
function choiceIn(object: JsonObject): Choice | null {
  const listed = lists.flatMap((name) => {
    const list = object[name]
    return isObject(list) ? [list, ...Object.values(list)] : Array.isArray(list) ? list.flat() : []
  })
  const read = listed.filter(isObject).flatMap((choice) => readChoice(choice) ?? [])
  return read.find(({ message }) => hasText(message)) ?? read[0] ?? bareMessage(object)
}

const hasText = (message: JsonObject): boolean => contentText(message.content) !== '' || besideIn(message).length > 0

/** Yandex and AI21 have a text where others have a content. */
const messageOf = (held: unknown): JsonObject => {
  if (!isObject(held)) return { content: held }
  return held.content === undefined && typeof held.text === 'string' ? { ...held, content: held.text } : held
}

/** Finish reasons of a reply that a filter withheld, whole or in part. */
export const withheldBy =
  /filter|safety|blocklist|prohibited|recitation|spii|sensitive|moderat|refus|guardrail|blocked/i

function readChoice(choice: JsonObject): Choice | null {
  const { message, messages, delta, text, generated_text, content, outputText, completion, data } = choice
  const turns = [message, messages].map((each) => (Array.isArray(each) ? each.at(-1) : each))
  const forms = [...turns, delta, text, generated_text, content, outputText, completion, data].filter(
    (each) => each != null,
  )
  // Some servers fill two forms, one of them with nothing.
  const held = forms.find((each) => hasText(messageOf(each))) ?? forms[0]
  const read = { choice, message: {}, isPart: false }
  // Of a reply that a filter withheld nothing may be left.
  if (held === undefined) return withheldBy.test(finishOf(read) ?? '') ? read : null
  // In the form of Gemini each part of a stream looks like an answer.
  const isPart = [delta, text, content].includes(held)
  return { choice, message: held === content ? { content } : messageOf(held), isPart }
}

/** Fields that hold the text of an answer without choices, and such as only an answer has. */
const bareTexts = ['outputtext', 'completion', 'text', 'content', 'response', 'result', 'output']
const ofAnswers = [
  'finishreason',
  'stopreason',
  'donereason',
  'done',
  'stop',
  'usage',
  'usagemetadata',
  'istruncated',
  'metainfo',
]

/** A message without choices, as the own APIs of other makers have it. */
function bareMessage(object: JsonObject): Choice | null {
  const { message, role, content, output, generated_text, done, promptFeedback } = object
  const isPart = done !== undefined
  if (isObject(message) && 'content' in message) return { choice: object, message, isPart }
  const blocked = isObject(promptFeedback) ? nonEmpty(promptFeedback.blockReason) : null
  if (blocked !== null) return { choice: object, message: { refusal: `the prompt was blocked: ${blocked}` }, isPart }
  const bare =
    (role === 'assistant' ? content : undefined) ??
    (object.object === 'response' ? output : undefined) ??
    generated_text ??
    (valueUnder(object, ofAnswers) === undefined ? undefined : valueUnder(object, bareTexts))
  if (bare === undefined || isObject(bare)) return null
  return { choice: object, message: { content: bare }, isPart: isPart || typeof bare === 'string' }
}

/** The parts of a stream's message as one; null where there are none. */
function joined(parts: readonly JsonObject[]): JsonObject | null {
  if (parts.length === 0) return null
  const together = (name: string) => parts.map((part) => nonEmpty(part[name]) ?? '').join('')
  const named = new Set(parts.flatMap((part) => Object.keys(part)).filter((name) => thoughtNames.test(name)))
  const calls = parts.flatMap(({ tool_calls: list }) => (Array.isArray(list) ? list : []))
  return {
    content: parts.map(({ content }) => contentText(content)).join(''),
    ...Object.fromEntries([...named, 'refusal'].map((name) => [name, together(name)])),
    tool_calls: [{ function: { arguments: calls.map(argumentsOf).join('') } }],
  }
}

/** Fields of a part that has no type: with others it is a value that was meant as JSON. */
const ofPart = ['text', 'value', 'parts', 'content', 'annotations', 'logprobs', 'index', 'id']

/** Types of parts that are no text of the answer. */
const notAnswer = /think|thought|reason|tool|function|image|audio|refusal/i

/** The text of a message's content: a text, a list of parts, or a value that was meant as JSON. */
function contentText(content: unknown, depth = 0): string {
  if (typeof content === 'string') return content
  if (depth > deepest) return ''
  if (Array.isArray(content)) return content.map((part) => contentText(part, depth + 1)).join('')
  if (!isObject(content)) return typeof content === 'number' ? String(content) : ''
  const { type, role, thought, ...rest } = content
  if ((typeof type === 'string' && notAnswer.test(type)) || thought === true) return ''
  const inner = [rest.text, rest.value, rest.parts, rest.content].find((each) => each !== undefined)
  const isPart = type !== undefined || role !== undefined || Object.keys(rest).every((name) => ofPart.includes(name))
  if (inner !== undefined && isPart) return contentText(inner, depth + 1)
  // Among parts those of Bedrock: `{ "reasoningContent": … }`.
  const isOther = depth > 0 && Object.keys(rest).every((name) => notAnswer.test(name))
  return type === undefined && !isOther ? JSON.stringify(content) : ''
}

/** Names of fields of a message that hold values made for a program, and of those that hold thoughts. */
const valueNames = /tool|function|parsed|json|structured/i
const thoughtNames = /reason|think|thought|analysis/i

/** What a message holds beside its text: values for a program first, then thoughts. */
function besideIn(message: JsonObject): Beside[] {
  const { content } = message
  const parts = Array.isArray(content) && contentText(content) === '' ? [['content', content] as const] : []
  const fields = Object.entries(message)
  const values = [...fields.filter(([name]) => valueNames.test(name)), ...parts]
  const stated = [
    ...values.map(([name, value]) => ({ name, text: valueText(value) })),
    ...[...fields.filter(([name]) => thoughtNames.test(name)), ...parts].map(([name, value]) => ({
      name,
      text: thoughtText(value),
    })),
  ]
  return stated.flatMap(({ name, text }) => (text.trim() === '' ? [] : [{ field: `message.${name}`, text }]))
}

/** The arguments of calls of tools, or a value as JSON. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(argumentsOf).join('\n')
  return argumentsOf({ function: value }) || (isObject(value) ? JSON.stringify(value) : '')
}

/** What a tool was to be called with, in a list of calls or among the parts of a content. */
function argumentsOf(call: unknown): string {
  if (!isObject(call)) return ''
  const { function: named, input, json } = call
  return contentText((isObject(named) ? named.arguments : undefined) ?? input ?? json)
}

/** The text of thoughts: a text, or a list of parts of whatever type. */
function thoughtText(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value
  if (depth > deepest) return ''
  if (Array.isArray(value)) return value.map((part) => thoughtText(part, depth + 1)).join('')
  if (!isObject(value)) return ''
  return thoughtText(value.text ?? value.thinking ?? value.summary ?? value.content, depth + 1)
}

function refusalIn({ refusal, content }: JsonObject): string | null {
  const parts = (Array.isArray(content) ? content : []).filter(isObject)
  const inParts = parts.map((part) => nonEmpty(part.refusal)).find((each) => each !== null)
  return nonEmpty(refusal) ?? inParts ?? (refusal === true ? 'it refused' : null)
}

/** Names of why a choice ended, and of what holds them in other makers' own APIs. */
const reasonNames = ['finishreason', 'stopreason', 'donereason', 'completionreason', 'finishdetails']
const holderNames = ['details', 'metainfo', 'stats', 'incompletedetails']
/** Names of what says beside the reason, or without one, that a reply was cut off: flags, and words that may be of something else. */
const cutFlags = ['truncated', 'istruncated', 'stoppedlimit']
const cutWords = ['nativefinishreason', 'stoptype', 'status']

/** Why a choice ended; some say it in its message, or around it. */
function finishOf({ choice, message }: Pick<Choice, 'choice' | 'message'>): string | null {
  const places = [choice, ...holderNames.map((name) => valueUnder(choice, [name])), message].filter(isObject)
  const isCut = (place: JsonObject) =>
    cutFlags.some((name) => valueUnder(place, [name]) === true) ||
    cutWords.some((name) => endingOf(valueUnder(place, [name])).truncated)
  const { incomplete_details } = choice
  const incomplete = isObject(incomplete_details) ? incomplete_details.reason : undefined
  // vLLM says beside the one what the other was: a token, or a text.
  const found = [...places.flatMap((place) => reasonNames.map((name) => valueUnder(place, [name]))), incomplete]
  const reason = found.find((each) => each != null)
  // SGLang: `{ "type": "length", "length": 400 }`; AI21: `{ "reason": "length" }`.
  const word = isObject(reason) ? (reason.type ?? reason.reason) : Array.isArray(reason) ? reason[0] : reason
  const isWhole = word == null || !endingOf(word).stopped
  if (isWhole && places.some(isCut)) return 'length'
  return word == null ? null : String(word)
}

/** Names of the counts, of OpenAI's API and of others'. */
const inputNames = [
  'prompttokens',
  'inputtokens',
  'prompttokencount',
  'inputtokencount',
  'promptevalcount',
  'tokensevaluated',
]
const outputNames = [
  'completiontokens',
  'outputtokens',
  'candidatestokencount',
  'generatedtokens',
  'generatedtokencount',
  'evalcount',
  'tokenspredicted',
]
const totalNames = ['totaltokens', 'totaltokencount']

/** The last counts that an answer names: in a stream those of its end. A count that is none is left out. */
export function usageIn(objects: readonly JsonObject[]): TokenUsage | null {
  const counted = objects.flatMap((object) => {
    const choices = Array.isArray(object.choices) ? object.choices.filter(isObject) : []
    const own = [...choices, object].flatMap(({ usage, usageMetadata }) => objectsIn([usageMetadata, usage]))
    return [object, ...own.flatMap((each) => [...objectsIn([each.tokens]), each])].map(countsOf)
  })
  return counted.findLast(({ input, output }) => input + output > 0) ?? null
}

function countsOf(counts: JsonObject): TokenUsage {
  const numberAt = (names: readonly string[]) =>
    Object.entries(counts)
      .filter(([name]) => names.includes(plainName(name)))
      .map(([, value]) => tokenCount(value))
      .find((each) => each !== null)
  const input = numberAt(inputNames) ?? 0
  return { input, output: numberAt(outputNames) ?? Math.max(0, (numberAt(totalNames) ?? 0) - input) }
}

/** More than that is a mistake. */
const mostTokens = 1e9

function tokenCount(value: unknown): number | null {
  const count = typeof value === 'string' ? Number.parseFloat(value) : value
  return typeof count === 'number' && count >= 0 && count <= mostTokens ? Math.round(count) : null
}

const nonEmpty = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

// The event stream of Anthropic's Messages API, which gateways give also where no stream is asked for: each event as the part of a
// completion that it is, so that it is read as every other stream.

/** Types of events that say nothing of the answer. */
const silent = ['ping', 'content_block_stop', 'message_stop']

/** The objects of a body with those that are such events put in the form of OpenAI's stream; all others as they are. */
function asChunks(objects: readonly JsonObject[]): JsonObject[] {
  const started = objects.find(({ type, message }) => type === 'message_start' && isObject(message))
  if (!started) return [...objects]
  const { usage: first, model } = started.message as JsonObject
  return objects.flatMap((object): JsonObject[] => {
    const { type, delta, content_block: block, usage } = object
    if (object === started) return [{ model, usage: first }]
    if (silent.includes(String(type))) return []
    if (type === 'content_block_start') return [partOf(block)]
    if (type === 'content_block_delta') return [partOf(delta)]
    if (type !== 'message_delta' || !isObject(delta)) return [object]
    // Its counts are those that changed since the beginning.
    const counts = isObject(usage) ? { ...(isObject(first) ? first : {}), ...usage } : first
    return [{ choices: [{ delta: {}, finish_reason: delta.stop_reason }], usage: counts }]
  })
}

function partOf(held: unknown): JsonObject {
  const { text, thinking, partial_json: json } = isObject(held) ? held : {}
  const calls = typeof json === 'string' ? [{ function: { arguments: json } }] : []
  return { choices: [{ delta: { content: text, reasoning_content: thinking, tool_calls: calls } }] }
}
