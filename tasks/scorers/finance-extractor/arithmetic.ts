import { type Marks, type PartReader, type ReadValue, readArithmetic } from '../answer/arithmetic.ts'

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
const marks: Marks = {
  times: / ?(?:\\times|\\cdot|\\ast|[×·⋅∙∗]|\*(?!\*)|[xX](?= ?10 ?(?:\^|\*\*))|(?<= )[xX](?= \d)) ?/y,
  adjoined: /(?=\(\d(?=[^()]*\))[^()]*[-+*/^]|e\^)| ?(?=\\sqrt|√|\\pi|π)/y,
  over: / ?(?:\\div|[/÷∕⁄]) ?/y,
  toThe: / ?(?:\^|\*\*) ?/y,
  plus: / ?\+ ?(?=[\d.(\\√π])/y,
  minus: [/ - (?=[\d.(\\√π])/y],
  minusInside: / ?- ?/y,
}

/**
 * The value of the arithmetic that a cleaned text begins with: with roots, logarithms, π, powers of e, fractions of LaTeX, mixed numbers.
 * Outside of parentheses a difference has spaces: "2023-12" is a date, which is read as its first number. Null where no number begins
 * there.
 */
export const financeValueAt = (text: string): ReadValue | null => readArithmetic(text, marks, atomOf)

function atomOf({ take, behind, inside }: PartReader): () => number | null {
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

  return atom
}
