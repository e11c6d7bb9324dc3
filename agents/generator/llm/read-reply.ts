import type { FailureKind } from '../../../schemas/row.ts'
import { extractJson } from '../../kit/extract-json.ts'
import { withLatexEscaped } from '../../kit/latex-escapes.ts'
import { type Given, type HookContext, type Hooked, WrittenRow } from '../../kit/sandbox/hooks.ts'
import type { Reply } from '../../kit/teacher/completion.ts'

/** Runs the hooks of a source for one reply. */
export type RunHooks = (given: Given, context: HookContext) => Promise<Hooked>

/** The rows of a reply; what is wrong with it, in words that the teacher can act on; or why the program takes no row of it. */
export type ReadReply =
  | { rows: WrittenRow[] }
  | { fault: string; kind: FailureKind }
  | { failure: string; kind: FailureKind }

/** Reads a reply: its JSON object or what the source's `parse` makes of it, then the source's other hooks. */
export async function readReply(
  reply: Pick<Reply, 'text' | 'cut'>,
  { parses, run }: { parses: boolean; run: RunHooks | null },
  context: HookContext,
): Promise<ReadReply> {
  const parsed = parses && reply.text.trim() !== '' ? null : parseRow(reply)
  if (parsed && 'fault' in parsed) return { ...parsed, kind: 'unusable' }
  if (!run) return { rows: parsed ? [parsed.row] : [] }
  const hooked = await run(parsed ?? { reply: reply.text }, context)
  switch (hooked.kind) {
    case 'rows':
      return { rows: hooked.rows }
    case 'none':
      return { fault: 'no question with its worked answer could be read from it', kind: 'hook' }
    case 'not-accepted':
      return { failure: hooked.reason, kind: 'not-accepted' }
    case 'failed':
      return { failure: `hook: ${hooked.reason}`, kind: 'hook' }
    default:
      return hooked satisfies never
  }
}

/** Reads the JSON object of a reply, with or without a code fence, thoughts or words around it. */
function parseRow({ text, cut }: Pick<Reply, 'text' | 'cut'>): { row: WrittenRow } | { fault: string } {
  const ending = cut ? ', for it was cut off at the token limit' : ''
  if (text.trim() === '') return { fault: `it was empty${ending}` }
  const written = extractJson(withLatexEscaped(text))
  if (written === undefined) return { fault: `it held no whole, valid JSON object${ending}` }
  const parsed = WrittenRow.safeParse(written)
  if (parsed.success) return { row: parsed.data }
  return { fault: 'its JSON object lacked a non-empty text "input" or "output"' }
}
