/** A `10^k` with optional braces: where it ends, with and without what SciBench also drops after it, and k as text. */
export type PowerOfTen = { exponent: string; start: number; end: number }

const tail = /\{? *(-?[0-9]+) *\}?/y
const trailing = / *\$?/y

/**
 * The powers of ten of a text, from left to right, by the rule that SciBench's two patterns share:
 * `10^`, an optional brace, spaces, a whole number, spaces, an optional brace. Linear.
 */
export function* powersOfTen(text: string): Generator<PowerOfTen> {
  let from = 0
  for (;;) {
    const start = text.indexOf('10^', from)
    if (start < 0) return
    tail.lastIndex = start + 3
    const match = tail.exec(text)
    from = match === null ? start + 3 : start + 3 + match[0].length
    if (match !== null) yield { exponent: match[1]!, start, end: from }
  }
}

/** What follows the last power of ten of a unit, spaces and a dollar sign after it dropped; null where it has none. */
export function afterLastPower(unit: string): string | null {
  let end = -1
  for (const power of powersOfTen(unit)) {
    trailing.lastIndex = power.end
    end = power.end + (trailing.exec(unit)?.[0].length ?? 0)
  }
  return end < 0 ? null : unit.slice(end)
}
