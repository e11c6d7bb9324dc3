import { z } from 'zod'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { wholeObject } from '../../../tasks/reply/objects.ts'
import type { Reply } from '../../kit/teacher/completion.ts'
import { quoted } from '../../kit/teacher/quoted.ts'
import { elsewhereText } from '../../kit/teacher/usefulness.ts'
import type { CheckLimits } from './options.ts'

const JudgeScore = z.strictObject({
  mark: z.string(),
  score: z.number().int().min(1).max(5),
  reason: z.string().max(4000),
})
export type JudgeScore = z.infer<typeof JudgeScore>

/** What is wrong with a reply, and what helps. */
export type Unread = { fault: string; fix: string }

export const otherJudge = 'Name another judge (agents.critic.options.model, --judge-model)'

export const roomierJudge =
  'Serve the judge with a larger context, name another one (agents.critic.options.model, --judge-model), or ask for shorter rows (contract)'

/**
 * The verdict of a whole reply that is one JSON object and nothing else (thoughts and a code fence apart) and carries the mark; why there is
 * none in every other. JSON is never looked for inside a text: the row could have put it there.
 */
export function readJudgeScore(
  reply: Pick<Reply, 'text' | 'refused' | 'refusal' | 'truncated' | 'stopped' | 'thinking' | 'elsewhere' | 'room'>,
  mark: string,
  { judgeTokens }: Pick<CheckLimits, 'judgeTokens'>,
): JudgeScore | Unread {
  const { text, refused, refusal = 'without a word' } = reply
  if (refused) return { fault: `the judge would not answer: ${refusal}`, fix: otherJudge }
  const incomplete = whyIncomplete(reply)
  if (incomplete !== null) {
    const isShort = reply.room === undefined && (reply.truncated || reply.thinking)
    return { fault: incomplete, fix: isShort ? `Raise agents.critic.options.judgeTokens (${judgeTokens})` : otherJudge }
  }
  if (text.trim() === '') return { fault: `it was empty${elsewhereText(reply)}`, fix: otherJudge }
  const object = wholeObject(text)
  const example = `: ${quoted(text)}`
  if (object === undefined) return { fault: `it was not one JSON object and nothing else${example}`, fix: otherJudge }
  const { data, error } = JudgeScore.safeParse(object)
  if (error)
    return {
      fault: `${error.issues[0]!.path.join('.') || 'it'}: ${error.issues[0]!.message}${example}`,
      fix: otherJudge,
    }
  return data.mark === mark ? data : { fault: `it lacked the mark of its row${example}`, fix: otherJudge }
}
