import { estimateTokens } from '../token-counter.ts'
import type { EndpointError } from './endpoint-error.ts'
import { moderated, notTaken, tooLong } from './refusal.ts'
import { tokenRoomIn } from './token-room.ts'
import { alternating, type ChatMessage, withoutSystem } from './turns.ts'

/** The body of a chat request, as the OpenAI API has it. */
export type ChatBody = Readonly<Record<string, unknown>> & { messages: readonly ChatMessage[] }

/** What an endpoint does not take, as far as its refusals have shown. */
export type Words = {
  /** Fields, the types of a reply's format, and `system` for the role. `streamless`: it answers with a stream alone. */
  refused: readonly string[]
  /** Longest reply in tokens. */
  maxTokens?: number | undefined
  /** Tokens of prompt and reply together, and how many more than estimated a prompt had. */
  context?: { tokens: number; more: number } | undefined
}

/** The words of one endpoint for a request. */
export type EndpointCapabilities = {
  /** Whether a request was answered in these words: then there is nothing more to learn before others are sent. */
  readonly isKnown: boolean
  /** A request was answered. */
  answered(): void
  /** A body in the endpoint's words. Null where its prompt leaves no room for a reply. */
  adapt(body: ChatBody): ChatBody | null
  /** The fields of a body that the endpoint does not take. */
  withheld(body: ChatBody): string[]
  /** Whether a refusal is about something in the body that was sent and can be said otherwise from now on. */
  learn(status: number | null, error: EndpointError, sent: ChatBody): boolean
  /** The request ends refused: what was left out for it, and did not help, is sent again. */
  refusedForGood(): void
}

/** The fields that an endpoint may not take, by the names under which it refuses them. */
const optional: Readonly<Record<string, RegExp>> = {
  temperature: /\btemperature\b/i,
  top_p: /\btop[_-]?p\b/i,
  seed: /\b(random_)?seed\b/i,
  stream: /\bstream\b/i,
}
/** The limit of a reply has two names; it is never given up. */
const limits: readonly string[] = ['max_tokens', 'max_completion_tokens']
const otherLimit = (name: string) => limits.find((each) => each !== name)!
const limitOf = (body: ChatBody) => limits.find((name) => typeof body[name] === 'number')

/** How endpoints say that they know no system turn; some count it among the turns that must alternate. */
const noSystem =
  /system.{0,30}(role|message|prompt|instruction|not (be )?(support|allow|accept|permit)|unsupported|角色)|role.{0,40}system|developer instruction|only user and assistant|got system|\broles?\b.{0,60}\b(user|assistant|chatbot)\b|messages?\W{0,3}0?\W{0,2}role|alternat|\b(first|start|begin)\w*.{0,40}\buser\b/i

/** How endpoints say that they answer with a stream alone. */
const streamAlone =
  /(only|must|need|require|enable).{0,60}\bstream|\bstream(ing)?\b.{0,40}(only|must be (true|set|enabled|on)\b|required|true)|non-?stream/i

/** The same in an error of a server, which may be unexpected, and whose stream must be restarted. */
const clearlyNotTaken =
  /unsupported|n[o']t support|support the requested|extra (inputs|fields)|extra_forbidden|not (permitted|allowed|accepted|enabled|implemented)|only .{0,60}(allowed|supported|accepted)|(unrecogni[sz]ed|unknown|unexpected|invalid) (request )?(name|field|arg|keyword|param|propert|key|option|role|schema|value)|\brole\b.{0,60}\bmust be/i

const ofServers = [clearlyNotTaken, streamAlone, /alternat/i]

/** How endpoints name the format of a reply. */
const formatNames = /response_?format|json_?(schema|object)|structured[ _]output|\bgrammar\b/i

/** Statuses of a refusal of what stands in a request, and others at which it may be one, as its words tell; null: it came as a success. */
const refusals: readonly (number | null)[] = [400, 413, 422]
const maybeRefusals: readonly (number | null)[] = [null, 403, 404, 405, 424, 500, 501, 502, 503]
/** What is said with them of tokens is about a key, money or a rate: OpenRouter names how many the money left would pay. */
const ofAccounts: readonly (number | null)[] = [401, 402, 429]

/** Counts differ from their estimates, and between prompts. */
const margin = 1.1

/**
 * Newer models of OpenAI want `max_completion_tokens` and no temperature, others take no seed, no JSON Schema or no system turn. What an
 * endpoint refuses is not sent to it again: the limit goes under its other name, a JSON Schema becomes `json_object`, then nothing, the
 * system's text goes into the first turn of the user, and a reply may be as long as the endpoint allows. A refusal that names no field is
 * taken for one of the reply's format, where one was asked for: endpoints say it in many ways. `leastTokens`: a reply that may have fewer
 * is not asked for. `known`: what was learned before. `onKnown` is called with what the endpoint takes once it is known, and whenever more
 * is.
 */
export function createCapabilities(
  known: Words | null = null,
  onKnown: (words: Words) => void = () => {},
  leastTokens = 1,
): EndpointCapabilities {
  let words: Words = known ?? { refused: [] }
  /** What an answer has confirmed. */
  let sure = words
  let isKnown = known !== null
  const isRefused = (name: string) => words.refused.includes(name)
  const change = (more: Partial<Words>) => {
    words = { ...words, ...more }
    isKnown = false
    return true
  }
  /** Also where another request of the same moment has shown it before. */
  const refuse = (name: string) => isRefused(name) || change({ refused: [...words.refused, name] })

  const wordOf = ([name, value]: [string, unknown]): [string, unknown][] => {
    if (name === 'messages') return []
    if (name === 'response_format') return formatOf(value).map((format) => [name, format])
    if (name === 'stream' && isRefused('streamless')) return [[name, true]]
    if (limits.includes(name)) return [[isRefused(name) ? otherLimit(name) : name, value]]
    return isRefused(name) ? [] : [[name, value]]
  }
  const formatOf = (asked: unknown): unknown[] => {
    const type = formatType(asked)
    if (type === null || !isRefused(type)) return [asked]
    return isRefused('json_object') ? [] : [{ type: 'json_object' }]
  }
  /** Tokens that a reply may have. */
  const roomFor = (messages: readonly ChatMessage[], wanted: number): number => {
    const { context, maxTokens = wanted } = words
    const left = context ? context.tokens - context.more - Math.ceil(margin * estimateOf(messages)) : wanted
    return Math.min(wanted, maxTokens, left)
  }

  return {
    get isKnown() {
      return isKnown
    },
    answered() {
      sure = words
      if (isKnown) return
      isKnown = true
      onKnown(words)
    },
    adapt(body) {
      const messages = isRefused('system') ? withoutSystem(body.messages) : alternating(body.messages)
      const sent = { messages, ...Object.fromEntries(Object.entries(body).flatMap(wordOf)) } as ChatBody
      const limit = limitOf(sent)
      if (limit === undefined) return sent
      const wanted = Number(sent[limit])
      const room = roomFor(messages, wanted)
      return room < Math.min(wanted, leastTokens) ? null : { ...sent, [limit]: room }
    },
    withheld: (body) => Object.keys(optional).filter((name) => body[name] !== undefined && isRefused(name)),
    learn(status, { codes, text, fields }, sent) {
      if (!ofAccounts.includes(status) && learnRoom(text, fields.join(' '), sent)) return true
      const isRefusal = refusals.includes(status)
      const isOfServer = status !== null && status >= 500
      const isClear = (isOfServer ? ofServers : [notTaken, noSystem]).some((words) => words.test(text))
      if (!isRefusal && !(maybeRefusals.includes(status) && isClear)) return false
      // What is said of a prompt's content may name anything.
      if (tooLong.test(text) || (fields.length === 0 && moderated.test(text))) return false
      const places = fields.join(' ')
      const all = [...codes, places, text].join('\n')
      const hasSystem = sent.messages.some(({ role }) => role === 'system')
      if (hasSystem && (noSystem.test(all) || (isRefusal && /\bsystem\b/i.test(places)))) return refuse('system')
      if (sent.stream === false && streamAlone.test(text)) return refuse('streamless')
      for (const names of moderated.test(text) ? [places] : [places, all]) {
        const limit = limits.find((name) => sent[name] !== undefined && new RegExp(`\\b${name}\\b`).test(names))
        if (limit !== undefined && notTaken.test(text)) return !isRefused(otherLimit(limit)) && refuse(limit)
        const named = firstNamed(names, sent)
        if (named !== null) return refuse(named)
      }
      const format = formatType(sent.response_format)
      if (format === null || moderated.test(all)) return false
      return (isRefusal || formatNames.test(all)) && refuse(format)
    },
    refusedForGood() {
      words = { ...sure, context: words.context }
    },
  }

  /** Whether a refusal gives numbers with which a reply is asked for that is shorter, and long enough. */
  function learnRoom(text: string, field: string, sent: ChatBody): boolean {
    const limit = limitOf(sent)
    if (limit === undefined) return false
    const asked = Number(sent[limit])
    const isOfUse = (room: number) => room < asked && room >= Math.min(asked, leastTokens)
    const room = tokenRoomIn(text, asked, field)
    if (room === null) return false
    if ('maxTokens' in room) return isOfUse(room.maxTokens) && change({ maxTokens: room.maxTokens })
    const more = Math.max(words.context?.more ?? 0, room.prompt - estimateOf(sent.messages))
    change({ context: { tokens: room.context, more } })
    return isOfUse(roomFor(sent.messages, asked))
  }
}

const estimateOf = (messages: readonly ChatMessage[]): number =>
  Math.max(1, estimateTokens(messages.map(({ content }) => content).join('\n')))

/** The optional field of a body that a refusal names first; of two that exclude each other the one that matters less. */
function firstNamed(names: string, sent: ChatBody): string | null {
  const found = Object.entries(optional).flatMap(([name, pattern]) => {
    const at = sent[name] === undefined ? -1 : names.search(pattern)
    return at < 0 ? [] : [{ name, at }]
  })
  if (/\b(both|either|one of|together)\b/i.test(names) && found.some(({ name }) => name === 'top_p')) return 'top_p'
  return found.sort((one, other) => one.at - other.at)[0]?.name ?? null
}

const formatType = (format: unknown): string | null =>
  typeof format === 'object' && format !== null && 'type' in format ? String(format.type) : null
