import { digitValue } from '../../python-literal/mod.ts'
import { repairCommands, withoutCommands, withoutMarks } from './plain-text.ts'

/** More of an answer than this is not read. */
export const maxAnswerChars = 2_000

type Replacement = [RegExp, string | ((found: string) => string)]

/** Characters that one writes in several ways, in the order of their rules. */
const characters: Replacement[] = [
  // Of no width, which some models write inside numbers.
  [/[\u00AD\u200B-\u200F\u2060-\u2064\u061C\uFEFF]|\uFE0F/g, ''],
  [/（/g, ' ('],
  [/[\uFF01-\uFF5E]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)],
  [/[\u2010-\u2013\u2212\uFE58\uFE63]/g, '-'],
  [/[\u2018\u2019\u02BC\u2032]/g, "'"],
  [/(?<=\p{Nd})\u066B(?=\p{Nd})/gu, '.'],
  [/(?<=\p{Nd})\u066C(?=\p{Nd})/gu, ','],
  [/\u066A/g, '%'],
  [/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0)!) ?? digit)],
  [/(?:\^\{?)?[⁺⁻]?[⁰¹²³⁴-⁹]+\}?/g, (raised) => `^{${Array.from(raised, plainOf).join('')}}`],
  [/(?<=\d) ?[¼-¾⅐-⅞]/g, (part) => ` ${part.trim()}`],
  [/[¼-¾⅐-⅞]/g, (part) => part.normalize('NFKC').replace('\u2044', '/')],
  [/[\u2044\u2215]/g, '/'],
  [/[✕✖⨯]/g, '×'],
  [/[·⋅∙∗•・](?= ?[-\d(\\])/g, '×'],
  [/[≃≅∼～]|(?<!\d)~(?= ?[-+\d.$€£¥])/g, '≈'],
  // Signs, fractions and shares as Chinese and Japanese have them.
  [/[负負](?= ?\d)/g, '-'],
  [/百分之 ?(?=\d)([\d.]*\d)/g, '$1%'],
  [/(\d+) ?分之 ?(\d+)/g, '$2/$1'],
  [/(?<=\d) ?又 ?(?=\d+ ?\/)/g, ' '],
  [/⩽/g, '≤'],
  [/⩾/g, '≥'],
]

function plainOf(raised: string): string {
  const at = '⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(raised)
  return at < 0 ? '' : '+-0123456789'[at]!
}

/** Behind LaTeX: what is left of its marks, currency signs, words for signs. */
const remains: Replacement[] = [
  // What names a currency before a number.
  [
    /(?<![A-Za-z])(?:(?:US|[CARS]|AU|NZ|HK|NT|MX)\$|(?:USD?|EUR|GBP|JPY|CNY|RMB|INR|CHF|CAD|AUD|NZD|HKD|SGD|SEK|NOK|DKK|PLN|BRL|MXN|KRW|ZAR|Rs|Kr)\.?)(?= ?\$? ?-?\(?[\d])/g,
    '',
  ],
  [/[$€£¥₹₩₽₺₫₪₱฿]/g, ''],
  [/~/g, ' '],
  [/\{ ?([×*/]) ?\}/g, '$1'],
  [/\{ ?\}/g, ''],
  // An exponent's letter, or the exponent, in braces of its own.
  [/(?<=\d) ?\{? ?[eE] ?\}? ?\{ ?(?=[-+]?\d{1,4} ?\})/g, 'e'],
  [/(?<=\de[-+]?\d{1,4}) ?\}/g, ''],
  [/(?<=\d)(?: ?\{ ?[eE] ?\} ?| [eE] )(?=[-+]?\d)/g, 'e'],
  [/ ?(?:per ?cent|percentage|pct\.?|prozent|pour cent|por ciento)(?![a-z])/gi, '%'],
]

/**
 * A short answer as the reader of numbers wants it: without LaTeX, Markdown, currency signs, with one spelling of what means something:
 * `× ÷ ± ≈ ≤ ≥ ° π ^ - %`, digits 0 to 9, white space single. Linear.
 */
export function cleanNumber(text: string): string {
  let bare = text.slice(0, maxAnswerChars)
  if (/[^\d.,\s]/.test(bare)) {
    bare = repairCommands(bare)
    for (const [found, plain] of characters) bare = bare.replace(found, plain as string)
    bare = withoutMarks(withoutCommands(bare))
    for (const [found, plain] of remains) bare = bare.replace(found, plain as string)
  }
  return bare
    .replace(/\s+/g, ' ')
    .replace(/(?<![\d)] ?)\b(?:minus|negative) (?=[\d.(\\])/gi, '-')
    .replace(/(?<=(?:^|[=(:≈|,{]) ?)([-+]) (?=[\d.(\\√π])/g, '$1')
    .trim()
}
