const asciiCharsPerToken = 4
const otherCharsPerToken = 1.5

/** About how many tokens a text has. Rather too few than too many: what fits is never taken for too long. */
export function estimateTokens(text: string): number {
  const other = text.replaceAll(/[\0-\x7f]/g, '').length
  return Math.ceil((text.length - other) / asciiCharsPerToken + other / otherCharsPerToken)
}

/** Tokens of a call as its endpoint counted them; where it counts none they are estimated from the texts, and that is said. */
export function tokensOf(
  counted: { input: number; output: number } | null,
  prompt: string,
  reply: string,
): { inputTokens: number; outputTokens: number; estimated?: true } {
  if (counted && counted.input + counted.output > 0) return { inputTokens: counted.input, outputTokens: counted.output }
  return { inputTokens: estimateTokens(prompt), outputTokens: estimateTokens(reply), estimated: true }
}
