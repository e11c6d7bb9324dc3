export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string }

/**
 * The turns of a chat as every endpoint takes them: one after a turn of the same role continues it, and none is empty, since templates of
 * models refuse what does not alternate.
 */
export function alternating(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = []
  for (const { role, content } of messages) {
    const last = turns.at(-1)
    if (content.trim() === '') continue
    if (last?.role === role) turns[turns.length - 1] = { role, content: `${last.content}\n\n${content}` }
    else turns.push({ role, content })
  }
  return turns
}

/** The same for a model without a system turn: its text stands first in the first turn of the user. */
export const withoutSystem = (messages: readonly ChatMessage[]): ChatMessage[] =>
  alternating(messages.map(({ role, content }) => ({ role: role === 'system' ? 'user' : role, content })))
