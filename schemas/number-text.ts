/** Numbers as people read them, wherever they read. A missing number is never written as one. */

export const missing = '–'

/** -12345 as `−12,345`. A locale's own formatting would load its data first. */
export const numberText = (value: number | null, digits = 0): string =>
  value === null
    ? missing
    : value
        .toFixed(digits)
        .replaceAll(/(?<!\.\d*)\B(?=(?:\d{3})+(?!\d))/g, ',')
        .replace('-', '−')

/** -0.125 as `−0.13`; what rounds to nothing has no sign. */
export function fixedText(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits)
  return (value < 0 && Number(text) !== 0 ? '−' : '') + text
}

/** 0.125 as `12.5 %`. */
export const percent = (share: number | null): string => (share === null ? missing : `${fixedText(share * 100, 1)} %`)

/** 0.125, or 1 of 8, as `13 %`. */
export const wholePercent = (part: number, of = 1): string => `${Math.round((100 * part) / of)} %`

/** 1.5 as `$1.50`. */
export const dollars = (money: number | null, unknown = 'price unknown'): string =>
  money === null ? unknown : `$${money.toFixed(2)}`

/** `row` for one of it, else `rows`; `many` where an s does not make the plural. */
export const plural = (count: number | null | undefined, one: string, many = `${one}s`): string =>
  count === 1 ? one : many
