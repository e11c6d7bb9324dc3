import type { FailureKind } from '../../../schemas/row.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { lastObject } from '../../../tasks/reply/objects.ts'
import { rowForm } from '../../kit/compose-prompts.ts'
import { type Given, type HookContext, type Hooked, WrittenRow } from '../../kit/sandbox/hooks.ts'
import type { Reply } from '../../kit/teacher/completion.ts'
import { elsewhereText } from '../../kit/teacher/usefulness.ts'

/** Runs the hooks of a source for one reply. */
export type RunHooks = (given: Given, context: HookContext) => Promise<Hooked>

/**
 * The rows of a reply, with the fields of its object that no row takes; what is wrong with it, as text that the teacher can act on; or why
 * the program takes no row of it.
 */
export type ReadReply =
  | { rows: WrittenRow[]; unused: string[] }
  | { fault: string; kind: FailureKind }
  | { failure: string; kind: FailureKind }

/**
 * Reads a reply: its JSON object or what the source's `parse` makes of it, then the source's other hooks. One that is not whole is
 * no row, and no hook sees it.
 */
export async function readReply(
  reply: Pick<Reply, 'text' | 'truncated' | 'stopped' | 'thinking' | 'elsewhere'>,
  { parses, run }: { parses: boolean; run: RunHooks | null },
  context: HookContext,
): Promise<ReadReply> {
  const incomplete = whyIncomplete(reply)
  if (incomplete !== null) return { fault: incomplete, kind: reply.stopped === undefined ? 'truncated' : 'teacher' }
  if (reply.text.trim() === '') return { fault: `it was empty${elsewhereText(reply)}`, kind: 'unusable' }
  const parsed = parses ? null : parseRow(reply.text)
  if (parsed && 'fault' in parsed) return { ...parsed, kind: 'unusable' }
  if (!run) return parsed ? { rows: [parsed.row], unused: parsed.unused } : { rows: [], unused: [] }
  const hooked = await run(parsed ? { row: parsed.row } : { reply: reply.text }, context)
  switch (hooked.kind) {
    case 'rows':
      return { rows: hooked.rows, unused: parsed?.unused ?? [] }
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

const faults = {
  none: 'it held no whole, valid JSON object',
  broken: 'its last JSON object was not whole or not valid',
  other: 'its JSON object lacked a non-empty text "input" or "output"',
} as const

/** The row that a reply ends in, with or without a code fence, drafts or words around it. */
function parseRow(text: string): { row: WrittenRow; unused: string[] } | { fault: string } {
  const found = lastObject(text, rowForm, true)
  if ('fault' in found) return { fault: faults[found.fault] }
  const parsed = WrittenRow.safeParse(found.object)
  if (!parsed.success) return { fault: faults.other }
  return { row: parsed.data, unused: Object.keys(found.object).filter((name) => !Object.hasOwn(rowForm, name)) }
}
