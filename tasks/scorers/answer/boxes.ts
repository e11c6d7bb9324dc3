/** A box of LaTeX, or what some models have in its place. `index` is where it begins. */
export type Box = { text: string; index: number }

const opening = /(?:\\boxed|\\fbox|\\framebox) ?(?:\{|(?=-?\d))|(?<![\\A-Za-z])b?oxed ?\{|<\|begin_of_box\|>/g
const maxBoxes = 40
const maxChars = 10_000
/** What belongs to a number although it stands behind its box, and the sign before it. */
const goesOn =
  /^\s?\$?\s?(?:(?:\\times|\\cdot|[×·*])\s?10\s?\^\s?(?:\{[^{}]{1,8}\}|-?\d+)|\\?%|(?:thousand|million|billion|trillion)\b)/
const sign = /(?:^|[=\s$({≈])[-−] ?$/
/** Behind this a box holds what the answer is not. */
const denied = /(?:\b(?:not|rather than|instead of)|n['’]t|不是) ?(?:\$\$?|\\\()? ?$/i

/**
 * The boxes of a reply, the last first, with their braces balanced: `\boxed{…}`, also where the backslash was lost, `\boxed 5`,
 * `\fbox{…}`, GLM's tokens. One that never closes is none. Linear.
 */
export function boxesOf(reply: string): Box[] {
  if (!reply.includes('ox')) return []
  const all = [...reply.matchAll(opening)].slice(-maxBoxes)
  const meant = all.filter(({ index }) => !denied.test(reply.slice(Math.max(0, index - 24), index)))
  const openings = meant.length > 0 ? meant : all
  return openings.reverse().flatMap(({ 0: found, index }) => {
    const start = index + found.length
    const end = found.endsWith('{')
      ? closingBrace(reply, start)
      : found.startsWith('<')
        ? reply.indexOf('<|end_of_box|>', start)
        : start + (/^-?[\d.,]*\d/.exec(reply.slice(start, start + 40))?.[0].length ?? 0)
    if (end < start) return []
    const tail = goesOn.exec(reply.slice(end + 1, end + 40))?.[0] ?? ''
    const minus = sign.test(reply.slice(Math.max(0, index - 3), index)) ? '-' : ''
    return [{ text: `${minus}${reply.slice(start, end)}${tail}`, index }]
  })
}

/** Where the brace that is open at a place closes; -1 where it does not soon. */
function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let index = from; index < Math.min(text.length, from + maxChars); index += 1) {
    const character = text[index]
    if (character === '\\') index += 1
    else if (character === '{') depth += 1
    else if (character === '}') depth -= 1
    if (depth === 0) return index
  }
  return -1
}

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
