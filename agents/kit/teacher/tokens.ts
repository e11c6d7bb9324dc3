const asciiCharsPerToken = 4
const otherCharsPerToken = 1.5

/** About how many tokens a text has. Rather too few than too many: what fits is never taken for too long. */
export function estimateTokens(text: string): number {
  const other = text.replaceAll(/[\0-\x7f]/g, '').length
  return Math.ceil((text.length - other) / asciiCharsPerToken + other / otherCharsPerToken)
}
