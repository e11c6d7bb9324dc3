import { z } from 'zod'
import { beginning } from '../beginning.ts'
import { parseJson } from './parse-json.ts'
import { tokensOf } from './tokens.ts'

/** What the teacher said. `cut` tells that the reply reached its token limit. */
export const Reply = z.object({
  text: z.string(),
  refused: z.boolean(),
  cut: z.boolean(),
  model: z.string(),
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  /** The endpoint counted no tokens: both counts are estimated from the texts. */
  estimated: z.literal(true).optional(),
  /** Sampling settings that it was asked without, because its endpoint does not take them. */
  withheld: z.array(z.string()).optional(),
})
export type Reply = z.infer<typeof Reply>

const TextPart = z.object({ type: z.literal('text'), text: z.string() })

/** A longer text is cut off: each reply is one value of the journal, and the server bounds those. */
const maxTextChars = 2 ** 17
const maxNameChars = 200

/** What a message says, and whether it was cut off: at the token limit, as `finish` tells, or because nothing is read that is as long. */
export function saidIn(content: unknown, finish: unknown): Pick<Reply, 'text' | 'cut'> {
  const text = textOf(content).toWellFormed()
  return { text: beginning(text, maxTextChars), cut: finish === 'length' || text.length > maxTextChars }
}

/** A text, or a list of parts of which those that are text count: others hold a model's thoughts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return withoutThoughts(content)
  const parts = Array.isArray(content) ? content : []
  return parts.flatMap((part) => TextPart.safeParse(part).data?.text ?? []).join('')
}

const thoughtsEnd = '</think>'

/** Reasoning models think aloud before they answer, where their endpoint does not take it out; some begin without the opening tag. */
function withoutThoughts(text: string): string {
  const end = text.indexOf(thoughtsEnd)
  const begin = text.indexOf('<think>')
  const leads = begin < 0 || begin > end || text.slice(0, begin).trim() === ''
  return end >= 0 && leads ? text.slice(end + thoughtsEnd.length).trimStart() : text
}

/** Endpoints leave counts out, send null or fractions; that is no reason to lose a paid reply. */
const tokens = z.number().nonnegative().transform(Math.round).catch(0)

const Completion = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.unknown(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish(),
})

/** Reads the body of a completion of `prompt`, with or without a byte-order mark; null where it is none. */
export function readCompletion(body: string, model: string, prompt: string): Reply | null {
  const parsed = Completion.safeParse(parseJson(body))
  if (!parsed.success) return null
  const { choices, usage, model: named } = parsed.data
  const { message, finish_reason } = choices[0]!
  const said = saidIn(message.content, finish_reason)
  return {
    ...said,
    refused: Boolean(message.refusal) || finish_reason === 'content_filter',
    model: named?.slice(0, maxNameChars) || model,
    ...tokensOf(usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : null, prompt, said.text),
  }
}
