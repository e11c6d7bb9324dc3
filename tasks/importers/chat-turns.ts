import { isObject } from '../../schemas/bounded-json.ts'
import { textIn } from './record-values.ts'

export type Turn = { role: 'system' | 'user' | 'assistant'; text: string }

/** What public sets call the roles. */
const roles: [Turn['role'], RegExp][] = [
  ['system', /^(?:system|developer)$/i],
  ['user', /^(?:user|human|prompter)$/i],
  ['assistant', /^(?:assistant|gpt|chatgpt|bot|model|bard|bing)$/i],
]

/** Whether a value is a list of turns: `{role, content}` as of OpenAI, `{from, value}` as of ShareGPT. */
export function isChat(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.length > 0 && value.every((turn) => isObject(turn) && roleIn(turn) !== null)
}

function roleIn(turn: Record<string, unknown>): string | null {
  const role = [turn.role, turn.from, turn.speaker].find((each) => typeof each === 'string')
  const hasText = ['content', 'value', 'text'].some((name) => Object.hasOwn(turn, name))
  return typeof role === 'string' && hasText ? role : null
}

export function isByAssistant(turn: Record<string, unknown> | undefined): boolean {
  const role = turn === undefined ? null : roleIn(turn)
  return role !== null && roleNamed(role) === 'assistant'
}

const roleNamed = (name: string): Turn['role'] | undefined => roles.find(([, names]) => names.test(name))?.[0]

/** The turns, or why there is one that no text task can hold. */
export function turnsOf(chat: readonly Record<string, unknown>[]): Turn[] | string {
  const turns: Turn[] = []
  for (const turn of chat) {
    const name = roleIn(turn)!
    const role = roleNamed(name)
    if (role === undefined) return `a turn of the role ${name.slice(0, 40)}`
    const text = contentOf(turn.content ?? turn.value ?? turn.text)
    if (text === null) return 'a turn that is no text'
    turns.push({ role, text })
  }
  return turns
}

/** A text, or a list of parts that all are texts. */
function contentOf(content: unknown): string | null {
  if (!Array.isArray(content)) return content === null ? '' : textIn(content)
  const parts = content.map((part) => (isObject(part) ? textIn(part.text) : textIn(part)))
  return parts.includes(null) ? null : parts.join('\n')
}

/** Turns as a question: one turn of the user as it is, several with who speaks. System turns are not among them. */
export function asQuestion(turns: readonly Turn[]): string {
  const spoken = turns.filter(({ role, text }) => role !== 'system' && text.trim() !== '')
  if (spoken.length === 1) return spoken[0]!.text.trim()
  return spoken.map(({ role, text }) => `${role === 'user' ? 'User' : 'Assistant'}: ${text.trim()}`).join('\n')
}

export function systemText(turns: readonly Turn[]): string {
  const texts = turns.filter(({ role }) => role === 'system').map(({ text }) => text.trim())
  return texts.filter((text) => text !== '').join('\n')
}
