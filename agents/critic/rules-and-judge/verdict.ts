import { z } from 'zod'
import type { Reply } from '../../kit/teacher/completion.ts'

const Verdict = z.strictObject({
  mark: z.string(),
  score: z.number().int().min(1).max(5),
  reason: z.string().max(4000),
})
export type Verdict = z.infer<typeof Verdict>

const fence = /^```(?:json)?\s*\n([\s\S]*?)\n?```$/

/**
 * The verdict of a reply that is one JSON object and nothing else (a code fence apart) and carries the mark; null for every other.
 * JSON is never looked for inside a text: the row could have put it there.
 */
export function readVerdict(
  { text, refused, cut }: Pick<Reply, 'text' | 'refused' | 'cut'>,
  mark: string,
): Verdict | null {
  if (refused || cut) return null
  const said = text.trim()
  try {
    const parsed = Verdict.safeParse(JSON.parse(fence.exec(said)?.[1] ?? said))
    return parsed.success && parsed.data.mark === mark ? parsed.data : null
  } catch {
    return null
  }
}
