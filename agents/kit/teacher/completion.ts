import { z } from 'zod'
import { endingOf } from '../../../tasks/reply/ending.ts'
import { withoutThoughts } from '../../../tasks/reply/thoughts.ts'
import { beginning } from '../beginning.ts'
import { parseJson } from './parse-json.ts'
import { tokensOf } from './tokens.ts'

/** What the teacher said, its thoughts taken off. Whether that is a whole reply, `reply/ending.ts` tells. */
export const Reply = z.object({
  text: z.string(),
  refused: z.boolean(),
  /** It reached its token limit. */
  cut: z.boolean(),
  /** What ended it early, in the endpoint's word, where that was no limit. */
  stopped: z.string().optional(),
  /** Its thoughts do not end, or nothing came after them. */
  thinking: z.literal(true).optional(),
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

/** What a message says, and how it ended: as `finish` and the count of its tokens tell, or cut off because nothing is read that is as long. */
export function saidIn(
  content: unknown,
  finish: unknown,
  isAtLimit = false,
): Pick<Reply, 'text' | 'cut' | 'stopped' | 'thinking'> {
  const { answer, open } = withoutThoughts(textOf(content).toWellFormed())
  const ending = endingOf(finish, isAtLimit)
  return {
    text: beginning(answer, maxTextChars),
    ...ending,
    cut: ending.cut || answer.length > maxTextChars,
    ...(open && { thinking: true as const }),
  }
}

/** A text, or a list of parts of which those that are text count: others hold a model's thoughts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  const parts = Array.isArray(content) ? content : []
  return parts.flatMap((part) => TextPart.safeParse(part).data?.text ?? []).join('')
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

/**
 * Reads the body of a completion of `prompt`, with or without a byte-order mark; null where it is none. `maxTokens`: as many as the reply
 * might have.
 */
export function readCompletion(
  body: string,
  model: string,
  prompt: string,
  maxTokens = Number.POSITIVE_INFINITY,
): Reply | null {
  const parsed = Completion.safeParse(parseJson(body))
  if (!parsed.success) return null
  const { choices, usage, model: named } = parsed.data
  const { message, finish_reason } = choices[0]!
  const said = saidIn(message.content, finish_reason, (usage?.completion_tokens ?? 0) >= maxTokens)
  return {
    ...said,
    refused: Boolean(message.refusal) || finish_reason === 'content_filter',
    model: named?.slice(0, maxNameChars) || model,
    ...tokensOf(usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : null, prompt, said.text),
  }
}
