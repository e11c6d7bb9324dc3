import { z } from 'zod'
import { truncate } from '../../../schemas/text.ts'
import { endingOf } from '../../../tasks/reply/ending.ts'
import { wholeObject } from '../../../tasks/reply/objects.ts'
import { withoutThoughts } from '../../../tasks/reply/thoughts.ts'
import { tokensOf } from '../token-counter.ts'
import { type ChatAnswer, withheldBy } from './chat-answer.ts'
import { quoted, shown } from './quoted.ts'

/** What the teacher said, its thoughts taken off. Whether that is a whole reply, `reply/ending.ts` decides. */
export const Reply = z.object({
  text: z.string(),
  refused: z.boolean(),
  /** Why the model would not answer, or what withheld its answer, in the endpoint's words. */
  refusal: z.string().optional(),
  /** It reached its token limit. */
  truncated: z.boolean(),
  /** As many tokens as it was allowed, where that is fewer than were asked for: its endpoint gives no more. */
  room: z.number().int().positive().optional(),
  /** What ended it early, in the endpoint's word, where that was no limit. */
  stopped: z.string().optional(),
  /** Its thoughts do not end, or nothing came after them. */
  thinking: z.literal(true).optional(),
  /** The beginning of its thoughts, where they are all there is. */
  thoughts: z.string().optional(),
  /** Where the endpoint put what it sent, where the text is empty. */
  elsewhere: z.string().optional(),
  model: z.string(),
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  /** The endpoint counted no tokens: both counts are estimated from the texts. */
  estimated: z.literal(true).optional(),
  /** Sampling settings that it was asked without, because its endpoint does not take them. */
  withheld: z.array(z.string()).optional(),
})
export type Reply = z.infer<typeof Reply>

/** A longer text is cut off: each reply is one value of the journal, and the server bounds those. */
const maxTextChars = 2 ** 17
const maxNameChars = 200

/**
 * What a message says in answer to a prompt, and how it ended: as `finish` and the count of its tokens tell, or cut off because nothing is
 * read that is as long.
 */
export function contentOf(
  content: string,
  finish: unknown,
  isAtLimit = false,
  prompt = '',
): Pick<Reply, 'text' | 'truncated' | 'stopped' | 'thinking' | 'thoughts'> {
  const { answer, open } = withoutThoughts(content.toWellFormed(), prompt)
  const ending = endingOf(finish, isAtLimit)
  return {
    text: truncate(answer, maxTextChars),
    ...ending,
    truncated: ending.truncated || answer.length > maxTextChars,
    ...(open && { thinking: true as const, ...(answer.trim() === '' && { thoughts: shown(content) }) }),
  }
}

/** The reply that an answer to `prompt` holds. `maxTokens`: as many as it was allowed. */
export function replyOf(
  answer: ChatAnswer,
  { model, prompt, maxTokens }: { model: string; prompt: string; maxTokens: number },
): Reply {
  const { finish, usage } = answer
  const content = answer.text.trim() === '' ? finalTextBeside(answer) : answer.text
  const ended = contentOf(content, finish, (usage?.output ?? 0) >= maxTokens, prompt)
  const { refusal } = answer
  const isWithheld = finish !== null && withheldBy.test(finish)
  const why = refusal !== null ? quoted(refusal) : isWithheld ? `finish reason ${quoted(finish)}` : null
  const [beside] = answer.beside
  return {
    ...ended,
    refused: why !== null,
    ...(why !== null && { refusal: why }),
    ...(ended.text.trim() === '' && beside && { elsewhere: `${beside.text.length} characters in ${beside.field}` }),
    model: answer.model?.slice(0, maxNameChars) || model,
    ...tokensOf(usage, prompt, ended.text),
  }
}

/**
 * Endpoints whose parser takes a whole reply for thoughts, or for the call of a tool, leave the content empty. What stands there is the
 * answer only where it is one JSON object and nothing else: thoughts hold drafts.
 */
const finalTextBeside = ({ beside }: ChatAnswer): string =>
  beside.find(({ text }) => wholeObject(text) !== undefined)?.text.trim() ?? ''
