import type { EndpointError } from './endpoint-error.ts'
import type { HttpAnswer } from './http-client.ts'

/** How long an endpoint asks to be left alone. */
export type Wait = {
  /** Zero where it does not say. */
  ms: number
  /** What is used up is the quota of a day or longer, as far as its words tell. */
  isQuota: boolean
}

/** Words for a limit of a day or longer, and for one of a minute or so. */
const longLimit =
  /per[ _-]?(day|week|month)|\b(daily|weekly|monthly|today|tomorrow|midnight)\b|\b(rpd|tpd)\b|(by|per)(day|week|month)|86,?400 ?s|\b24 ?-?h(ou)?(rs?)?\b|\b(1|one|a) day\b|(day|week|month)(ly)? (quota|limit)|\/ ?(day|week|month)\b|this (day|week|month)\b|每[日天]|[当今]日|今天|明天/i
const shortLimit = /(per[ _-]?|\/ ?)(second|min|minute|hour)\b|\b(rpm|tpm|rps)\b|by(second|minute)|perminute/i
const reached = /quota|limit|exceed|额度|配额/i

/** Whether a text says that a limit of a day or longer is reached, where its status says nothing of limits. */
export const isLongLimit = (text: string): boolean =>
  longLimit.test(text) && reached.test(text) && !shortLimit.test(text)

/** Whether a text is about how much may be asked for in some time. */
export const isOfRate = (text: string): boolean =>
  shortLimit.test(text) || longLimit.test(text) || /rate.?limit|quota|too.?many.?requests|额度|配额/i.test(text)

/**
 * Reads the wish of an endpoint from its headers and its words, in the many ways in which they say it: `Retry-After` in seconds or as a
 * date, in milliseconds, when a limit is reset, "try again in 7m12s". Where several are said of one answer, the first of these counts.
 */
export function waitOf(
  { headers, text = '' }: Pick<HttpAnswer, 'headers'> & Partial<Pick<HttpAnswer, 'text'>>,
  error: EndpointError | null,
  now: number = Date.now(),
): Wait {
  const words = error ? [...error.codes, error.text].join('\n') : text
  const all = { ...error?.headers, ...headers }
  const wishes = [
    () => msOf(named(all, /(^|-)retry-after-ms$/), now, 1),
    () => msOf(named(all, /(^|-)retry-after$/), now),
    () => resetOf(all, now),
    () => waitInText(words, now),
  ]
  let ms = 0
  for (const wish of wishes) ms ||= wish() ?? 0
  // A code is of one limit; Google names all of those that are used up.
  const isOfQuota = [...(error?.codes ?? []), words].some((each) => longLimit.test(each) && !shortLimit.test(each))
  return { ms, isQuota: isOfQuota }
}

const named = (headers: HttpAnswer['headers'], name: RegExp) =>
  Object.entries(headers).find(([each, value]) => value !== undefined && name.test(each))?.[1]

/** The latest reset of a limit of which nothing remains; where no header says what remains, the first of all. */
function resetOf(headers: Readonly<Record<string, string | undefined>>, now: number): number | null {
  const limits = Object.entries(headers).filter(([name]) => /rate-?limit.*reset/.test(name))
  const known = limits.flatMap(([name, value]) => {
    const ms = msOf(value, now)
    return ms === null ? [] : [{ ms, remaining: headers[name.replace(/reset(-after)?/, 'remaining')] }]
  })
  // The drafts of a standard: `"default";r=0;t=30`, `limit=10, remaining=0, reset=30`.
  const [, left, inS] =
    /\b(?:r|remaining)=(\d+).*?\b(?:t|reset)=(\d+)/.exec(named(headers, /^(x-)?rate-?limit$/) ?? '') ?? []
  if (left === '0') known.push({ ms: 1000 * Number(inS), remaining: left })
  const used = known.filter(({ remaining }) => remaining !== undefined && Number(remaining) <= 0)
  if (used.length > 0) return Math.max(...used.map(({ ms }) => ms))
  const unknown = known.filter(({ remaining }) => remaining === undefined)
  return unknown.length > 0 ? Math.min(...unknown.map(({ ms }) => ms)) : null
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const unit = '(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)'
const span = `(?:\\d+(?:\\.\\d+)?\\s*${unit.replace('(', '(?:')}(?![a-z])[\\s,]*(?:and\\s+)?)+`
const clock = '\\d{1,3}:\\d\\d:\\d\\d(?:\\.\\d+)?'
const spanInText = new RegExp(
  `\\b(?:in|after|wait(?: for)?)\\s+(?:about |another |~)?(${span}|${clock})|(${span})(?:later|from now)\\b`,
  'i',
)
const chineseSpan = /(\d+(?:\.\d+)?) ?(毫秒|秒|分|小时|天)/
const chineseUnits: Readonly<Record<string, string>> = { 毫秒: 'ms', 秒: 's', 分: 'm', 小时: 'h', 天: 'd' }
const dateInText = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)/i

function waitInText(text: string, now: number): number | null {
  const [, before, behind] = spanInText.exec(text) ?? []
  const found = before ?? behind
  if (found) return spanMs(found)
  const [, count, unitName] = /[后再]/.test(text) ? (chineseSpan.exec(text) ?? []) : []
  if (unitName) return spanMs(`${count}${chineseUnits[unitName]}`)
  const date = Date.parse(dateInText.exec(text)?.[0].replace(/\s?UTC/i, 'Z') ?? '')
  return Number.isFinite(date) && date > now ? date - now : null
}

/** Milliseconds of a span of time, `1h2m3.5s` or `1:02:03.5`. */
function spanMs(text: string): number {
  const [hours, minutes, seconds] = text.split(':').map(Number)
  if (seconds !== undefined) return 1000 * (3600 * hours! + 60 * minutes! + seconds)
  const parts = [...text.matchAll(new RegExp(`(\\d+(?:\\.\\d+)?)\\s*${unit}`, 'gi'))]
  return parts.reduce((sum, [, count, name = 's']) => {
    const short = /^m(s|illi)/i.test(name) ? 'ms' : (name[0]!.toLowerCase() as keyof typeof unitMs)
    return sum + Number(count) * unitMs[short]
  }, 0)
}

/** Times of the clock and numbers of seconds differ by their size. */
const leastEpochS = 1e9
const leastEpochMs = 1e12

/** A number of seconds, a time of the clock, a span or a date, as milliseconds from now on; null where it is none. */
function msOf(value: string | undefined, now: number, unitOfNumbers = 1000): number | null {
  if (value === undefined || value.trim() === '') return null
  const number = Number(value)
  if (Number.isFinite(number)) {
    const ms =
      number >= leastEpochMs ? number - now : number >= leastEpochS ? number * 1000 - now : number * unitOfNumbers
    return Math.max(0, ms)
  }
  if (new RegExp(`^\\s*${span}$`, 'i').test(value)) return spanMs(value)
  const date = Date.parse(value)
  return Number.isFinite(date) ? Math.max(0, date - now) : null
}
