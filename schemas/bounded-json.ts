/** What a text from outside may hold at most, so that nothing which reads its value can run out of stack or memory. */
export type JsonBounds = {
  /** Brackets inside one another. */
  maxDepth: number
  /** Values in it, its keys not counted. */
  maxValues: number
  maxChars: number
}

/**
 * How deep what strangers write may nest. Everything that walks a value (zod, canonical JSON, `JSON.stringify`, the structured clone) goes
 * down one call or several for each level, and the sandbox has the smallest stack of all: the bound is far below what any of them takes.
 */
export const maxForeignDepth = 128

/** What Syllabus wraps around a stranger's value before it stores it: a message or an object, then a line of a bundle. */
export const maxStoredDepth = maxForeignDepth + 32
export const maxBundledDepth = maxStoredDepth + 32

const defaultBounds: JsonBounds = { maxDepth: maxForeignDepth, maxValues: 4_000_000, maxChars: 256 * 1024 ** 2 }

/** A text that is longer, deeper or fuller than it may be. A `SyntaxError`, as of any other text that holds no JSON. */
export class JsonBoundsError extends SyntaxError {
  override readonly name = 'JsonBoundsError'
}

/**
 * `JSON.parse` for a text that nobody vouches for: it is measured first, in one pass and without recursion.
 *
 * @throws {JsonBoundsError} when it is beyond the bounds; the message says which: "it nests deeper than 128 levels".
 * @throws {SyntaxError} when it is no JSON.
 */
export function parseJson(text: string, bounds: Partial<JsonBounds> = {}): unknown {
  checkBounds(text, { ...defaultBounds, ...bounds })
  return JSON.parse(text)
}

/** The same, with or without a byte-order mark before it; null for a text that is no JSON. */
export function jsonOrNull(text: string, bounds: Partial<JsonBounds> = {}): unknown {
  try {
    return parseJson(text.replace(/^\uFEFF/, ''), bounds)
  } catch {
    return null
  }
}

const [quote, comma, backslash, openList, closeList, openObject, closeObject] = [
  0x22, 0x2c, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
]

/** Exact for what is JSON; of any other text it says nothing that matters, since that is not parsed. */
function checkBounds(text: string, { maxDepth, maxValues, maxChars }: JsonBounds): void {
  const { length } = text
  if (length > maxChars) throw new JsonBoundsError(`it has ${length} characters, and may have ${maxChars}`)
  let depth = 0
  // An empty list or object counts as a value inside itself: the bound need not be exact.
  let values = 1
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      for (at++; at < length; at++) {
        const inner = text.charCodeAt(at)
        if (inner === backslash) at++
        else if (inner === quote) break
      }
    } else if (code === comma) values++
    else if (code === openList || code === openObject) {
      values++
      if (++depth > maxDepth) throw new JsonBoundsError(`it nests deeper than ${maxDepth} levels`)
    } else if (code === closeList || code === closeObject) depth--
  }
  if (values > maxValues) throw new JsonBoundsError(`it holds more than ${maxValues} values`)
}

/** Whether a value of JSON is an object: neither a list nor null. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
