/**
 * The last `\boxed{...}` of a text with its braces balanced, as its content; null where the text has none or where the
 * last one never closes. Linear.
 */
export function lastBoxed(text: string): string | null {
  const start = text.lastIndexOf('\\boxed')
  if (start < 0) return null
  const open = text.indexOf('{', start)
  if (open < 0 || text.slice(start + 6, open).trim() !== '') return null
  let depth = 0
  for (let index = open; index < text.length; index += 1) {
    const character = text[index]
    if (character === '{') depth += 1
    else if (character === '}') depth -= 1
    if (depth === 0) return text.slice(open + 1, index)
  }
  return null
}
