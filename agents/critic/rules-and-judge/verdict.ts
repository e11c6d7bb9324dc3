import { z } from 'zod'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { wholeObject } from '../../../tasks/reply/objects.ts'
import type { Reply } from '../../kit/teacher/completion.ts'

const Verdict = z.strictObject({
  mark: z.string(),
  score: z.number().int().min(1).max(5),
  reason: z.string().max(4000),
})
export type Verdict = z.infer<typeof Verdict>

/**
 * The verdict of a whole reply that is one JSON object and nothing else (thoughts and a code fence apart) and carries the mark; null for every
 * other. JSON is never looked for inside a text: the row could have put it there.
 */
export function readVerdict(
  reply: Pick<Reply, 'text' | 'refused' | 'cut' | 'stopped' | 'thinking'>,
  mark: string,
): Verdict | null {
  if (reply.refused || whyIncomplete(reply) !== null) return null
  const parsed = Verdict.safeParse(wholeObject(reply.text))
  return parsed.success && parsed.data.mark === mark ? parsed.data : null
}
