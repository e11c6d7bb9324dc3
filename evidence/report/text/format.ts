import { fixedText, missing, numberText, percent, plural } from '../../../schemas/number-text.ts'

/** Numbers as the report writes them, beside those that everybody writes. Shares are fractions. */

export { missing, numberText, percent }

const minus = '−'

/** 0.125 as `12.5`, for where the unit stands elsewhere. */
export const percentNumber = (share: number | null): string => (share === null ? missing : fixedText(share * 100, 1))

/** A difference of shares in percentage points, always with its sign: 0.125 as `+12.5`. */
export function points(difference: number | null): string {
  if (difference === null) return missing
  const text = fixedText(difference * 100, 1)
  return text.startsWith(minus) || Number(text) === 0 ? text : `+${text}`
}

export type Write = (share: number) => string
export type ShownInterval = { low: number; high: number } | null | undefined

/** `low to high`. */
export const intervalText = (interval: ShownInterval, write: Write): string =>
  interval ? `${write(interval.low)} to ${write(interval.high)}` : missing

/** Of shares, or of their means over runs. */
export type ShownDifference = ({ value: number } | { mean: number }) & { interval?: ShownInterval }

/** `+12.5 points (low to high)`. */
export const differenceText = (difference: ShownDifference): string =>
  `${points('mean' in difference ? difference.mean : difference.value)} points${rangeText(difference.interval, points)}`

/** ` (low to high)` behind a figure; nothing where there is no interval. */
export const rangeText = (interval: ShownInterval, write: Write): string =>
  interval ? ` (${intervalText(interval, write)})` : ''

/** A gain in per cent with its sign; `not defined` where the base scored nothing. */
export function gainText(gain: number | null): string {
  if (gain === null) return 'not defined'
  const text = fixedText(gain, 0)
  return `${text.startsWith(minus) || text === '0' ? text : `+${text}`} %`
}

/** A p-value where the letter stands elsewhere. */
export const pNumber = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3))

/** A p-value as reports have it. */
export const pText = (p: number): string => `p ${p < 0.001 ? '' : '= '}${pNumber(p)}`

/** `12 items`, with their groups where items come in some. */
export const itemsText = ({ items, groups }: { items: number; groups: number }): string =>
  groups === items
    ? `${numberText(items)} ${plural(items, 'item')}`
    : `${numberText(items)} ${plural(items, 'item')} in ${numberText(groups)} ${plural(groups, 'group')}`

/** Seconds as `1 h 05 min`, `2 min 03 s` or `4.2 s`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return missing
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
}

/** `2026-11-23 09:16:37 UTC`. */
export function timeText(iso: string | null): string {
  return iso === null ? missing : `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

/** The first twelve digits of a hash. */
export const shortHash = (sha256: string | null): string => (sha256 === null ? missing : sha256.slice(0, 12))
