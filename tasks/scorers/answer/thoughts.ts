/** Tags of thoughts, in any case. */
const end =
  /<\/(?:think|thinking|thought|thoughts|reasoning|seed:think)\s*>|\[\/THINK\]|<\|end_of_thought\|>|<\|\/?channel\|?>final<\|message\|>/gi
const begin = /<(?:think|thinking|thought|thoughts|reasoning|seed:think)\s*>|\[THINK\]/i

/**
 * A reply without its thoughts: what follows the last tag that ends some; nothing of thoughts that never end. Who scores has mostly taken them
 * off before; this is for replies from elsewhere. Linear.
 */
export function withoutThoughts(reply: string): string {
  if (!/[<[]/.test(reply)) return reply
  let from = 0
  for (const match of reply.matchAll(end)) from = match.index + match[0].length
  const answer = reply.slice(from)
  const open = begin.exec(answer)?.index
  return open === undefined ? answer : answer.slice(0, open)
}
