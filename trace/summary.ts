import { shortenCounted } from '../schemas/text.ts'

const plentyBytes = 4096
const maxStringChars = 1200
/** Lists of at most this many items stay whole up to `wideListBytes`, longer ones up to `longListBytes`. */
const shortList = 12
const wideListBytes = 24_000
const longListBytes = 6_000

const holdsScores = (value: unknown) => value !== null && typeof value === 'object' && 'sheet' in value

/** A text as it goes to every viewer. */
export const viewedText = (text: string): string => shortenCounted(text, maxStringChars)

/** Stands in a summarised payload for a list that was left out. */
export type Elided = { $elided: number }

/**
 * A payload as it goes to every viewer: small ones whole, large ones without their long lists and with their long strings
 * cut, so that the structure and all scores and counts stay (a list of results that hold score sheets is never left out). The whole content
 * is sent on request.
 */
export function summarise(payload: unknown, bytes: number): { payload: unknown; summarised: boolean } {
  if (bytes <= plentyBytes) return { payload, summarised: false }
  let summarised = false

  function shorten(value: unknown): unknown {
    if (typeof value === 'string') {
      summarised ||= value.length > maxStringChars
      return viewedText(value)
    }
    if (value === null || typeof value !== 'object') return value
    if (!Array.isArray(value))
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shorten(part)]))
    const parts = value.map(shorten)
    if (value.some(holdsScores)) return parts
    if (JSON.stringify(parts).length <= (parts.length > shortList ? longListBytes : wideListBytes)) return parts
    summarised = true
    return { $elided: parts.length } satisfies Elided
  }

  return { payload: shorten(payload), summarised }
}
