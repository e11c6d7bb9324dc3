/** Numbers as people read them, wherever they read. A missing number is never written as one. */

export const missing = '–'

/** 12345 as `12,345`. */
export function numberText(value: number | null, digits = 0): string {
  if (value === null) return missing
  return value
    .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace('-', '−')
}

/** 0.125, or 1 of 8, as `13 %`. */
export const wholePercent = (part: number, of = 1): string => `${Math.round((100 * part) / of)} %`

/** 1.5 as `$1.50`. */
export const dollars = (money: number | null, unknown = 'price unknown'): string =>
  money === null ? unknown : `$${money.toFixed(2)}`

/** `row` for one of it, else `rows`; `many` where an s does not make the plural. */
export const plural = (count: number | null | undefined, one: string, many = `${one}s`): string =>
  count === 1 ? one : many
