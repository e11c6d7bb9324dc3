/** How numbers are written, the longer forms first, and how JavaScript has them. */
const numbers: [RegExp, (text: string) => string][] = [
  // 1.234,5 and 1.234.567: points between thousands, where nothing else can be meant.
  [/\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})(?![\d.,])/y, (text) => text.replaceAll('.', '').replace(',', '.')],
  // 1,234,567.8, 1 234 567.8, 1'234'567.8 and 1_234; 12,34,567 as in India.
  [
    /\d{1,3}(?:(?:,\d{3})+|(?: \d{3})+|(?:['’]\d{3})+|(?:_\d{3})+|(?:,\d{2})+,\d{3})(?!\d)(?:\.\d*)?/y,
    (text) => text.replace(/[, '’_]/g, ''),
  ],
  [/\d+(?:\.\d*)?|\.\d+/y, (text) => text],
]
const exponent = /[eE]([-+]?\d{1,4})(?![a-zA-Z0-9])/y
const percentOf = /%(?= ?(?:[*×·/]|\\times|\\cdot))/y
const mixed = / (\d+) ?\/ ?(\d+)(?![\d./])/y
const mixedFraction = /(?=\\[dt]?frac)/y
const times = / ?(?:\\times|\\cdot|\\ast|[×·⋅∙∗]|\*(?!\*)|[xX](?= ?10 ?(?:\^|\*\*))|(?<= )[xX](?= \d)) ?/y
const adjoined = /(?=\(\d(?=[^()]*\))[^()]*[-+*/^]|e\^)| ?(?=\\sqrt|√|\\pi|π)/y
const over = / ?(?:\\div|[/÷∕⁄]) ?/y
const toThe = / ?(?:\^|\*\*) ?/y
const plus = / ?\+ ?(?=[\d.(\\√π])/y
const minus = / - (?=[\d.(\\√π])/y
const minusInside = / ?- ?/y
const maxDepth = 20

/** A value, and the place behind the last character that belongs to it. */
export type ReadValue = { value: number; end: number }

/**
 * The value of the arithmetic that begins at a place of a cleaned text, as answers have it: signs, powers, products, quotients, sums, roots,
 * logarithms, π, powers of e, fractions of LaTeX, mixed numbers. Outside of parentheses a difference has spaces and does not ascend from 0 or above: "3 - 5" is a range,
 * "2023-12" a date, and both are read as their first number. Null where no number begins there.
 */
export function valueAt(text: string, from: number): ReadValue | null {
  let at = from
  let depth = 0

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at = pattern.lastIndex
    return match
  }

  /** What a side reads behind a mark; where it reads nothing the mark is not passed. */
  function behind(mark: RegExp, side: () => number | null): number | null {
    const before = at
    const value = take(mark) && side()
    if (value === null) at = before
    return value
  }

  function inside(open: RegExp, close: RegExp): number | null {
    return behind(open, () => {
      if (depth >= maxDepth) return null
      depth += 1
      const value = sum()
      depth -= 1
      return value !== null && take(close) ? value : null
    })
  }

  function sum(): number | null {
    let value = product()
    while (value !== null) {
      const before = at
      const added = behind(plus, product)
      const taken = added === null ? behind(depth > 0 ? minusInside : minus, product) : null
      if (added !== null) value += added
      else if (taken !== null && (depth > 0 || value < 0 || value > taken)) value -= taken
      else {
        at = before
        return value
      }
    }
    return null
  }

  function product(): number | null {
    let value = power()
    while (value !== null) {
      const factor = behind(times, power) ?? behind(adjoined, power)
      const divisor = factor === null ? behind(over, power) : null
      if (factor !== null) value *= factor
      else if (divisor !== null) value /= divisor
      else return value
    }
    return null
  }

  function power(): number | null {
    const negated = behind(/- ?/y, power)
    if (negated !== null) return -negated
    const base = behind(/\+ ?/y, atom) ?? atom()
    if (base === null) return null
    const raised = behind(toThe, () => inside(/\{ ?/y, / ?\}/y) ?? power())
    return raised === null ? base : base ** raised
  }

  function atom(): number | null {
    const top = inside(/\\[dt]?frac ?\{ ?/y, / ?\}/y)
    if (top !== null) {
      const below = inside(/ ?\{ ?/y, / ?\}/y)
      return below === null ? null : top / below
    }
    const root = inside(/\\sqrt ?\{ ?/y, / ?\}/y) ?? behind(/√ ?/y, atom)
    if (root !== null) return Math.sqrt(root)
    if (take(/\\pi(?![a-z])|π/y)) return Math.PI
    if (take(/e(?=\^)/y)) return Math.E
    const logarithm = behind(/\\ln(?![a-z]) ?/y, atom)
    if (logarithm !== null) return Math.log(logarithm)
    return inside(/\( ?/y, / ?\)/y) ?? inside(/\{ ?/y, / ?\}/y) ?? number()
  }

  function number(): number | null {
    for (const [pattern, plain] of numbers) {
      const digits = take(pattern)?.[0]
      if (digits === undefined) continue
      const value = Number(`${plain(digits)}e${take(exponent)?.[1] ?? 0}`)
      const part = take(mixed)
      if (part) return value + Number(part[1]) / Number(part[2])
      const fraction = behind(mixedFraction, atom)
      if (fraction !== null) return value + fraction
      return take(percentOf) ? value / 100 : value
    }
    return null
  }

  const value = sum()
  return value === null ? null : { value, end: at }
}
