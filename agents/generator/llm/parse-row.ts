import { z } from 'zod'
import type { Reply } from '../../kit/teacher/request.ts'

const WrittenRow = z.object({ input: z.string().trim().min(1), output: z.string().trim().min(1) })
export type WrittenRow = z.infer<typeof WrittenRow>

/** A row, or what is wrong with the reply in words that the teacher can act on. */
export type Parsed = { row: WrittenRow } | { fault: string }

/** Reads the JSON object of a reply, with or without a code fence or words around it. */
export function parseRow({ text, cut }: Pick<Reply, 'text' | 'cut'>): Parsed {
  const from = text.indexOf('{')
  const to = text.lastIndexOf('}')
  if (text.trim() === '') return { fault: 'it was empty' }
  const ending = cut ? ', for it was cut off at the token limit' : ''
  if (from < 0 || to <= from) return { fault: `it held no whole JSON object${ending}` }
  try {
    const parsed = WrittenRow.safeParse(JSON.parse(text.slice(from, to + 1)))
    if (parsed.success) return { row: parsed.data }
    return { fault: 'its JSON object lacked a non-empty text "input" or "output"' }
  } catch {
    return { fault: `it was not valid JSON${ending}` }
  }
}
