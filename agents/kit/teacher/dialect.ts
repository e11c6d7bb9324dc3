import { notTaken, tooLong } from './refusal.ts'

/** The body of a chat request, as the OpenAI API has it. */
export type ChatBody = Readonly<Record<string, unknown>>

/** What an endpoint does not take, as far as its refusals have told. */
export type Words = { refused: readonly string[] }

/** The words of one endpoint for a request. */
export type Dialect = {
  /** Whether a request was answered in these words: then there is nothing more to learn before others are sent. */
  readonly isKnown: boolean
  /** A request was answered. */
  answered(): void
  /** A body in the endpoint's words. */
  said(body: ChatBody): ChatBody
  /** The fields of a body that the endpoint does not take. */
  withheld(body: ChatBody): string[]
  /** Whether a refusal (HTTP 400 or 422) is about a field of the body that was sent and can be said otherwise from now on. */
  learn(refusal: string, sent: ChatBody): boolean
}

/** The fields that an endpoint may not take. */
const optional: readonly string[] = ['temperature', 'top_p', 'seed']
/** The limit of a reply has two names; it is never given up. */
const limits: readonly string[] = ['max_tokens', 'max_completion_tokens']
const otherLimit = (name: string) => limits.find((each) => each !== name)!

/**
 * Newer models of OpenAI want `max_completion_tokens` and no temperature, others take no seed and no JSON Schema. What an endpoint
 * refuses by name is not sent to it again: the limit goes under its other name, a JSON Schema becomes `json_object`, then nothing.
 * A refusal that names no field is taken for one of the reply's format, where one was asked for: endpoints say it in many ways.
 * `known`: what was learned before. `onKnown` is told what the endpoint takes once it is known, and whenever more is.
 */
export function createDialect(known: Words | null = null, onKnown: (words: Words) => void = () => {}): Dialect {
  const refused = new Set(known?.refused)
  let isKnown = known !== null
  const wordOf = ([name, value]: [string, unknown]): [string, unknown][] => {
    if (name === 'response_format') return formatOf(value).map((format) => [name, format])
    if (limits.includes(name)) return [[refused.has(name) ? otherLimit(name) : name, value]]
    return refused.has(name) ? [] : [[name, value]]
  }
  const formatOf = (asked: unknown): unknown[] => {
    const type = formatType(asked)
    if (type === null || !refused.has(type)) return [asked]
    return refused.has('json_object') ? [] : [{ type: 'json_object' }]
  }
  return {
    get isKnown() {
      return isKnown
    },
    answered() {
      if (isKnown) return
      isKnown = true
      onKnown({ refused: [...refused] })
    },
    said: (body) => Object.fromEntries(Object.entries(body).flatMap(wordOf)),
    withheld: (body) => optional.filter((name) => body[name] !== undefined && refused.has(name)),
    learn(refusal, sent) {
      const isNamed = (name: string) => sent[name] !== undefined && new RegExp(`\\b${name}\\b`).test(refusal)
      const named = notTaken.test(refusal) ? [...limits, ...optional].find(isNamed) : undefined
      const field = named ?? (tooLong.test(refusal) ? null : formatType(sent.response_format))
      if (field === null || (limits.includes(field) && refused.has(otherLimit(field)))) return false
      refused.add(field)
      isKnown = false
      return true
    },
  }
}

const formatType = (format: unknown): string | null =>
  typeof format === 'object' && format !== null && 'type' in format ? String(format.type) : null
