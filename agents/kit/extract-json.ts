/** Braces at which an object is looked for: a reply of braces alone must not take a time that grows with its square. */
const maxStarts = 200

/**
 * The JSON object in a model's reply, which may be wrapped in prose, a code fence or thoughts. The largest one that parses is
 * taken; undefined when there is none.
 */
export function extractJson(reply: string): unknown {
  const text = reply.replaceAll(/<think>[\s\S]*?<\/think>/g, '').trim()
  const whole = objectIn(text)
  if (whole !== undefined) return whole
  let best: { value: unknown; length: number } | undefined
  let from = text.indexOf('{')
  for (let start = 0; from >= 0 && start < maxStarts; start++) {
    const end = closingBrace(text, from)
    const value = end === undefined ? undefined : objectIn(text.slice(from, end + 1))
    if (value !== undefined && (!best || end! - from > best.length)) best = { value, length: end! - from }
    from = text.indexOf('{', value === undefined ? from + 1 : end! + 1)
  }
  return best?.value
}

function objectIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Index of the brace that closes the one at `from`; braces inside strings do not count. */
function closingBrace(text: string, from: number): number | undefined {
  let depth = 0
  let quoted = false
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (quoted) {
      if (char === '\\') at++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return at
  }
  return undefined
}
