/** What a refusal says of tokens: the longest reply that the model gives, or how much its context has, where the prompt takes so much of it. */
export type TokenRoom = { maxTokens: number } | { context: number; prompt: number }

/** A number that stands alone: no part of a name, a version or a date. */
const number = /(?<![\w.-])\d[\d,_]*(?![\w-]|\.\d)/g
const ofReply = /max\w*[_ -](\w+[_ -])?tokens|(output|completion|new|generated)[_ ]tokens|max_?length/i
const ofContext = /context|inputs\W{0,3}tokens|sequence length|in total/i

/**
 * What the text of a refusal says of tokens; null where it says nothing of the kind. Endpoints say it in many ways, but with the same
 * numbers: the tokens that were asked for, and beside them those that a reply may have; or those of the context, of the prompt, and of
 * both together. `asked`: tokens that the refused request allowed its reply.
 */
export function tokenRoomIn(text: string, asked: number): TokenRoom | null {
  const found = new Set([...text.matchAll(number)].map(([digits]) => Number(digits.replaceAll(/[,_]/g, ''))))
  const others = [...found].filter((each) => each !== asked)
  const prompt = others.find((each) => found.has(each + asked))
  const context = largest(others, (each) => each !== prompt && each < (prompt ?? 0) + asked)
  if (prompt !== undefined && context !== null) return { context, prompt }
  const [one, other] = others
  if (ofContext.test(text) && found.has(asked) && one !== undefined && other !== undefined && others.length === 2) {
    return { context: Math.max(one, other), prompt: Math.min(one, other) }
  }
  const maxTokens = ofReply.test(text) ? largest(found, (each) => each < asked) : null
  return maxTokens === null ? null : { maxTokens }
}

function largest(numbers: Iterable<number>, holds: (each: number) => boolean): number | null {
  const held = [...numbers].filter(holds)
  return held.length > 0 ? Math.max(...held) : null
}
