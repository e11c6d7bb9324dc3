// The event stream of Anthropic's Messages API, which gateways give also where no stream is asked for: each event as the part of a completion
// that it is, so that it is read as every other stream.
import { isObject } from '../../../schemas/is-object.ts'
import type { JsonObject } from './json-values.ts'

/** Types of events that say nothing of the answer. */
const silent = ['ping', 'content_block_stop', 'message_stop']

/** The objects of a body with those that are such events put in the form of OpenAI's stream; all others as they are. */
export function asChunks(objects: readonly JsonObject[]): JsonObject[] {
  const started = objects.find(({ type, message }) => type === 'message_start' && isObject(message))
  if (!started) return [...objects]
  const { usage: first, model } = started.message as JsonObject
  return objects.flatMap((object): JsonObject[] => {
    const { type, delta, content_block: block, usage } = object
    if (object === started) return [{ model, usage: first }]
    if (silent.includes(String(type))) return []
    if (type === 'content_block_start') return [partOf(block)]
    if (type === 'content_block_delta') return [partOf(delta)]
    if (type !== 'message_delta' || !isObject(delta)) return [object]
    // Its counts are those that changed since the beginning.
    const counts = isObject(usage) ? { ...(isObject(first) ? first : {}), ...usage } : first
    return [{ choices: [{ delta: {}, finish_reason: delta.stop_reason }], usage: counts }]
  })
}

function partOf(held: unknown): JsonObject {
  const { text, thinking, partial_json: json } = isObject(held) ? held : {}
  const calls = typeof json === 'string' ? [{ function: { arguments: json } }] : []
  return { choices: [{ delta: { content: text, reasoning_content: thinking, tool_calls: calls } }] }
}
