const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'
const units: ReadonlyMap<string, number> = new Map([
  ...small.split(' ').map((word, value) => [word, value] as const),
  ...tens.split(' ').map((word, at) => [word, 20 + 10 * at] as const),
])
const scales: ReadonlyMap<string, number> = new Map([
  ['thousand', 1e3],
  ['million', 1e6],
  ['billion', 1e9],
  ['trillion', 1e12],
])
const parts: ReadonlyMap<string, number> = new Map(
  Object.entries({
    half: 2,
    halves: 2,
    third: 3,
    thirds: 3,
    quarter: 4,
    quarters: 4,
    fourth: 4,
    fourths: 4,
    fifth: 5,
    fifths: 5,
    sixths: 6,
    eighth: 8,
    eighths: 8,
    tenth: 10,
    tenths: 10,
  }),
)

const han: ReadonlyMap<string, number> = new Map(Array.from('零一二三四五六七八九', (each, value) => [each, value]))
const hanUnits: ReadonlyMap<string, number> = new Map([
  ['十', 10],
  ['百', 100],
  ['千', 1000],
])
const hanScales: ReadonlyMap<string, number> = new Map([
  ['万', 1e4],
  ['亿', 1e8],
])
/** 一 in words such as 一共 counts nothing. */
const hanRun = /(?<!第|统|唯)(?!一(?:共|样|起|定|些|般|直|下|切|旦))[零一二两三四五六七八九十百千万亿]+/g

/** The last number of a text in Chinese numerals, with its place; null where it has none. */
export function hanNumberIn(text: string): { value: number; start: number; end: number } | null {
  const run = [...text.matchAll(hanRun)].at(-1)
  if (run === undefined) return null
  let [total, section, digit] = [0, 0, 0]
  for (const each of run[0].replaceAll('两', '二')) {
    const unit = hanUnits.get(each)
    const scale = hanScales.get(each)
    if (unit !== undefined) section += (digit || 1) * unit
    else if (scale !== undefined) total += (section + digit) * scale
    if (scale !== undefined) section = 0
    digit = han.get(each) ?? 0
  }
  return { value: total + section + digit, start: run.index, end: run.index + run[0].length }
}

/** A part behind "and one". */
const onePart = /^ (?:half|third|quarter|fourth|fifth|eighth|tenth)\b/i
const word = /[ -]?\b([a-z]+)\b/iy

/**
 * The English number words at the beginning of a text and where they end: "twenty-five", "one hundred and five", "three and a half",
 * "two thirds", "seven point five". Null where it begins with none, and where they make no one number ("ten fifteen").
 */
export function numberWordsAt(text: string, from: number): { value: number; end: number } | null {
  let at = from
  let end = from
  let total = 0
  let group: number | null = null
  let last = ''
  const next = (): string | null => {
    word.lastIndex = at
    const match = word.exec(text)
    if (!match || (at === from && /^[ -]/.test(match[0]))) return null
    at = word.lastIndex
    return match[1]!.toLowerCase()
  }
  for (let each = next(); each !== null; each = next()) {
    const unit = units.get(each)
    const part = parts.get(each)
    if (unit !== undefined && follows(group, last, unit)) group = (group ?? 0) + unit
    else if (each === 'one' && last === 'and' && group !== null && onePart.test(text.slice(at, at + 10))) {
      last = 'a'
      continue
    } else if (each === 'hundred' && (group === null ? last === 'a' : group < 100)) group = (group ?? 1) * 100
    else if (each === 'dozen' && (group !== null || last === 'a')) group = (group ?? 1) * 12
    else if (scales.has(each) && (group !== null || last === 'a')) {
      total += (group ?? 1) * scales.get(each)!
      group = null
    } else if (part !== undefined && last !== 'the') {
      // "two thirds" divides, "three and a half" adds.
      const value = group !== null && last === 'a' ? group + 1 / part : (group ?? 1) / part
      const whole = value < 1 ? scaleOfPart(text, at) : null
      return { value: total + value * (whole?.factor ?? 1), end: whole?.end ?? at }
    } else if (each === 'point' && group !== null) {
      const digits = pointDigits(text, at)
      if (digits === null) break
      return { value: Number(`${total + group}.${digits.text}`), end: digits.end }
    } else if (each === 'and' && (group !== null || total > 0)) {
      last = each
      continue
    } else if (each === 'a' && (last === '' || last === 'and')) {
      last = each
      continue
    } else if (unit !== undefined || scales.has(each)) return null
    else break
    last = each
    end = at
  }
  return end === from ? null : { value: total + (group ?? 0), end }
}

/** Whether a word may go on with what was said: 20 with 1 to 9, 100 with less than 100. */
function follows(group: number | null, last: string, unit: number): boolean {
  if (group === null) return true
  if (units.has(last)) return (units.get(last) ?? 0) >= 20 && unit > 0 && unit < 10
  return group % 100 === 0 && unit < 100
}

const ofScale = / (?:of )?(?:(?:an?|one) )?(hundred|thousand|million|billion|trillion|dozen)\b/iy

/** "half a million", "three quarters of a million": what the part behind which it stands is of. */
function scaleOfPart(text: string, at: number): { factor: number; end: number } | null {
  ofScale.lastIndex = at
  const scale = ofScale.exec(text)?.[1]?.toLowerCase()
  if (scale === undefined) return null
  const factor = scales.get(scale) ?? (scale === 'dozen' ? 12 : 100)
  return { factor, end: ofScale.lastIndex }
}

function pointDigits(text: string, from: number): { text: string; end: number } | null {
  let digits = ''
  let end = from
  for (word.lastIndex = from; ; ) {
    const match = word.exec(text)
    const value = match === null ? undefined : units.get(match[1]!.toLowerCase())
    if (value === undefined || value > 9) return digits === '' ? null : { text: digits, end }
    digits += value
    end = word.lastIndex
  }
}
