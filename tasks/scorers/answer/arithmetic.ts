/** How numbers are written, the longer forms first, and how JavaScript has them. */
const numbers: [RegExp, (text: string) => string][] = [
  // 1.234,5 and 1.234.567, 1 234,5: another mark parts the thousands, so that the comma can mean nothing else.
  [
    /\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,}|(?: \d{3})+,\d+|(?:'\d{3})+,\d+)(?![\d.,])/y,
    (text) => text.replace(/[. ']/g, '').replace(',', '.'),
  ],
  // 1,234,567.8, 1 234 567.8, 1'234'567.8 and 1_234; 12,34,567 as in India.
  [
    /(?!0[, '])\d{1,3}(?:(?:,\d{3})+|(?: \d{3})+|(?:'\d{3})+|(?:_\d{3})+|(?:,\d{2})+,\d{3})(?!\d)(?:\.\d*)?/y,
    (text) => text.replace(/[, '_]/g, ''),
  ],
  [/\d+(?:\.\d*)?|\.\d+/y, (text) => text],
]
const exponent = /[eE]([-+]?\d{1,4})(?![a-zA-Z0-9])/y
/** 2.0(1): the digits in parentheses are how uncertain the last ones are. */
const uncertainty = /(?<=\.\d+)\(\d{1,3}\)/y
const recurring = /(?<=\.\d*)\\(?:overline|bar|dot) ?\{(\d{1,12})\}|(?<=\.\d*)\((\d{1,12})\)(?=…|\.\.\.)/y
const goesOnForEver = /…|\.{2,3}(?!\d)/y
const percentOf = /%(?= ?(?:[*×/]|of \d))/y
const mixed = /(?: | ?(?:and|&) ?|-)(\d+) ?\/ ?(\d+)(?![\d./])/y
const mixedFraction = /(?: ?(?:and|&))? ?(?=\\[dtc]?frac)/y
const marks: Marks = {
  times: / ?(?:×|\*(?!\*)|[xX](?= ?10 ?\^)|(?<=[\d )])[xX](?= \d)|(?<=%) of(?= )) ?/y,
  /** 3 x 10-4, as text copied from a page has it. */
  lostPower: / ?[xX×] ?10-(\d{1,2})(?![\d.,])/y,
  adjoined: /(?=\(\d(?=[^()]*\))[^()]*[-+*/^×]|e\^)| ?(?=\\sqrt|√|π|\\ln|\\log|\\exp|\\sin|\\cos|\\tan)/y,
  over: / ?[/÷] ?/y,
  toThe: / ?\^ ?/y,
  plus: / ?\+ ?(?=[\d.({|\\√πe]|[a-z]{2,5}\()/y,
  minus: [/ - (?=[\d.({|\\√πe]|[a-z]{2,5}\()/y, /-(?=[\d.(\\√π])/y],
  minusInside: / ?- ?/y,
  plusMinus: / ?(?:±|\+ ?\/ ?-|\+-) ?\d[\d.,]*%?/y,
}
const maxDepth = 20

const functions: [RegExp, (value: number) => number][] = [
  [/\\ln(?![a-z])|\bln(?=[ (])/y, Math.log],
  [/\\log_ ?\{? ?10 ?\}?|\\(?:log|lg)(?![a-z_])|\blog_?10(?=[ (])|\blog(?=\()/y, Math.log10],
  [/\\exp(?![a-z])|\bexp(?=\()/y, Math.exp],
  [/\bsqrt(?=\()/y, Math.sqrt],
  [/\\sin(?![a-z^])|\bsin(?=\()/y, Math.sin],
  [/\\cos(?![a-z^])|\bcos(?=\()/y, Math.cos],
  [/\\tan(?![a-z^])|\btan(?=\()/y, Math.tan],
  [/\\(?:arcsin(?![a-z])|sin ?\^ ?\{ ?-1 ?\})/y, Math.asin],
  [/\\(?:arccos(?![a-z])|cos ?\^ ?\{ ?-1 ?\})/y, Math.acos],
  [/\\(?:arctan(?![a-z])|tan ?\^ ?\{ ?-1 ?\})/y, Math.atan],
]

/** A value, and the place behind the last character that belongs to it. */
export type ReadValue = { value: number; end: number }

/** The marks between values. `minus`: outside of parentheses. */
export type Marks = Readonly<Record<'times' | 'adjoined' | 'over' | 'toThe' | 'plus' | 'minusInside', RegExp>> & {
  minus: readonly RegExp[]
  plusMinus?: RegExp
  lostPower?: RegExp
}

/** What a reader of single values is given to read further parts with. All of them read at the place that was come to. */
export type PartReader = {
  take(pattern: RegExp): RegExpExecArray | null
  /** What a side reads behind a mark; where it reads nothing the mark is not passed. */
  behind(mark: RegExp, side: () => number | null): number | null
  /** A sum in brackets. */
  inside(open: RegExp, close: RegExp): number | null
  sum(): number | null
  power(): number | null
  /** What a side reads as if it stood in brackets. */
  nested(side: () => number | null): number | null
  isNested(): boolean
}

/**
 * The value of the arithmetic that a text begins with: signs, powers, products, quotients and sums of what `atomOf` reads as single values.
 * Outside of parentheses a difference does not ascend from 0 or above: "3 - 5" is a range. Null where no number begins there.
 */
export function readArithmetic(
  text: string,
  marks: Marks,
  atomOf: (parts: PartReader) => () => number | null,
): ReadValue | null {
  let at = 0
  let depth = 0

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at = pattern.lastIndex
    return match
  }

  function behind(mark: RegExp, side: () => number | null): number | null {
    const before = at
    const value = take(mark) && side()
    if (value === null) at = before
    return value
  }

  function nested(side: () => number | null): number | null {
    depth += 1
    const value = side()
    depth -= 1
    return value
  }

  function inside(open: RegExp, close: RegExp): number | null {
    return behind(open, () => {
      if (depth >= maxDepth) return null
      const value = nested(sum)
      if (value !== null && marks.plusMinus) take(marks.plusMinus)
      return value !== null && take(close) ? value : null
    })
  }

  function sum(): number | null {
    let value = product()
    while (value !== null) {
      const before = at
      const added = behind(marks.plus, product)
      const taken = added === null ? difference() : null
      if (added !== null) value += added
      else if (taken !== null && (depth > 0 || value < 0 || value > taken)) value -= taken
      else {
        at = before
        return value
      }
    }
    return null
  }

  function difference(): number | null {
    if (depth > 0) return behind(marks.minusInside, product)
    for (const minus of marks.minus) {
      const value = behind(minus, product)
      if (value !== null) return value
    }
    return null
  }

  function product(): number | null {
    let value = power()
    while (value !== null) {
      const lost = marks.lostPower && take(marks.lostPower)
      if (lost) return value * 10 ** -Number(lost[1])
      const factor = behind(marks.times, power) ?? behind(marks.adjoined, power)
      const divisor = factor === null ? behind(marks.over, power) : null
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
    const raised = behind(marks.toThe, () => inside(/\{ ?/y, / ?\}/y) ?? power())
    return raised === null ? base : base ** raised
  }

  const atom = atomOf({ take, behind, inside, sum, power, nested, isNested: () => depth > 0 })
  const value = sum()
  return value === null ? null : { value, end: at }
}

/**
 * The value of the arithmetic that a cleaned text begins with, as answers have it: with roots, logarithms, π, powers of e, fractions of
 * LaTeX, mixed numbers, decimals that recur. Null where no number begins there.
 */
export const valueAt = (text: string): ReadValue | null => readArithmetic(text, marks, atomOf)

function atomOf({ take, behind, inside, sum, power, nested, isNested }: PartReader): () => number | null {
  const braced = () => inside(/\{ ?/y, / ?\}/y)

  /** What LaTeX takes where it has no braces: one digit. */
  const argument = () => braced() ?? digit()

  function digit(): number | null {
    const one = take(/ ?(\d)/y)
    return one ? Number(one[1]) : null
  }

  function atom(): number | null {
    const fraction = behind(/\\[dtc]?frac ?/y, () => {
      const top = argument()
      if (top === null) return null
      take(/ /y)
      const below = argument()
      return below === null ? null : top / below
    })
    if (fraction !== null) return fraction
    const overBar = behind(/\{ ?/y, () => {
      const top = sum()
      const below = top === null ? null : behind(/ ?\\over(?![a-z]) ?/y, sum)
      return below !== null && take(/ ?\}/y) ? top! / below : null
    })
    if (overBar !== null) return overBar
    const root = behind(/\\sqrt ?/y, () => {
      const degree = inside(/\[ ?/y, / ?\] ?/y) ?? 2
      const under = argument()
      return under === null ? null : rootOf(under, degree)
    })
    if (root !== null) return root
    const signed = behind(/√ ?/y, atom)
    if (signed !== null) return Math.sqrt(signed)
    const cube = behind(/∛ ?/y, atom)
    if (cube !== null) return Math.cbrt(cube)
    if (take(/π/y)) return Math.PI
    if (take(/e(?![a-zA-Z\d])/y)) return Math.E
    return (
      functionValue() ??
      inside(/\( ?/y, / ?\)/y) ??
      inside(/\[ ?(?=[^[\],]{1,40}\] ?[\^×*/])/y, / ?\]/y) ??
      braced() ??
      magnitude() ??
      number()
    )
  }

  function magnitude(): number | null {
    const value = inside(/\| ?(?=[-+.\d\\({π])/y, / ?\|/y)
    return value === null ? null : Math.abs(value)
  }

  function functionValue(): number | null {
    // Inside of a function a sign of degrees belongs to the number.
    const side = () => nested(() => behind(/ ?/y, power))
    const inBase = behind(/\\log_ ?/y, () => {
      const base = braced() ?? digit()
      const value = base === null || base === 10 ? null : side()
      return value === null ? null : Math.log(value) / Math.log(base!)
    })
    if (inBase !== null) return inBase
    for (const [name, of] of functions) {
      const value = behind(name, side)
      if (value !== null) return of(value)
    }
    return null
  }

  function number(): number | null {
    for (const [pattern, plain] of numbers) {
      const digits = take(pattern)?.[0]
      if (digits === undefined) continue
      const group = take(recurring)
      if (group) {
        take(goesOnForEver)
        return withPeriod(digits, group[1] ?? group[2]!)
      }
      if (digits.includes('.') && take(goesOnForEver)) return endless(digits)
      take(uncertainty)
      const value = Number(`${plain(digits)}e${take(exponent)?.[1] ?? 0}`)
      const part = Number.isInteger(value) ? behind(/(?:)/y, mixedPart) : null
      if (part !== null) return value + part
      if (isNested() && take(/ ?°(?! ?[CFK])/y)) return (value * Math.PI) / 180
      return take(percentOf) ? value / 100 : value
    }
    return null
  }

  /** The proper fraction behind a whole number. */
  function mixedPart(): number | null {
    const written = take(mixed)
    const part = written ? Number(written[1]) / Number(written[2]) : behind(mixedFraction, atom)
    return part !== null && part > 0 && part < 1 ? part : null
  }

  return atom
}

function rootOf(value: number, degree: number): number {
  return degree === 3 ? Math.cbrt(value) : degree === 2 ? Math.sqrt(value) : value ** (1 / degree)
}

/** 0.1(6): the digits with the period as often as a double can hold. */
function withPeriod(digits: string, period: string): number {
  return Number(digits + period.repeat(Math.ceil(20 / period.length)))
}

const shortPeriod = /(\d{1,6})\1$/

/** 0.1666…: what is written twice at the end goes on; without it, as written. */
function endless(digits: string): number {
  const plain = digits.replace(/\.$/, '')
  const period = shortPeriod.exec(plain.split('.')[1] ?? '')?.[1]
  return period === undefined ? Number(plain) : withPeriod(plain, period)
}
