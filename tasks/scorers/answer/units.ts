/** Words that multiply the number before them, of several languages. A letter may also be a unit: "5 m". */
const scales: [RegExp, number][] = [
  [/ ?(?:hundreds?|百(?!万))/y, 1e2],
  [/ ?(?:thousands?|tausend|mille|mil|тыс(?:яч[аи]?)?\.?|k|千)/iy, 1e3],
  [/ ?(?:万|萬|만)/y, 1e4],
  [/ ?(?:lakhs?|lacs?)/iy, 1e5],
  [
    / ?(?:million(?:s|es|en|i)?|mill?ón|mill?ones|milhão|milhões|milion[iy]?|mn|mio\.?|mm|m|млн\.?|миллион(?:а|ов)?|百万)/iy,
    1e6,
  ],
  [/ ?(?:crores?|cr)/iy, 1e7],
  [/ ?(?:亿|億|억)/y, 1e8],
  [/ ?(?:billion(?:s|en)?|bn|b|milliard(?:s|en|e)?|mrd\.?|млрд\.?|миллиард(?:а|ов)?)/iy, 1e9],
  [/ ?(?:trillions?|trn|tn|T)/y, 1e12],
  [/ ?(?:dozens?)/iy, 12],
]
const goesOn = /[\p{L}\p{N}_^/·°]/u

/** What a scale word at a place multiplies by, and where it ends; null where there is none. */
export function scaleAt(text: string, at: number): { factor: number; end: number } | null {
  for (const [word, factor] of scales) {
    word.lastIndex = at
    const match = word.exec(text)
    if (match === null) continue
    const end = word.lastIndex
    const isHan = /\P{ASCII}$/u.test(match[0])
    if (isHan || !goesOn.test(text[end] ?? '')) return { factor, end }
  }
  return null
}

/** Units of which a quantity may have two: each row is a dimension, each factor in its smallest unit. */
const dimensions: Readonly<Record<string, number>>[] = [
  {
    's sec secs second seconds sekunde sekunden seconde secondes segundo segundos 秒': 1,
    'min mins m minute minutes minuten minuto minutos 分 分钟': 60,
    'h hr hrs hour hours stunde stunden heure heures hora horas 小时 時間': 3600,
    'd day days tag tage jour jours día días dia dias 天 日': 86_400,
    'week weeks woche wochen semaine semaines semana semanas 周': 604_800,
  },
  { 'month months monat monate mois mes meses 个月': 1, 'year years yr yrs jahr jahre an ans año años 年': 12 },
  { "in inch inches \" '' ″": 1, "ft foot feet '": 12, 'yd yard yards': 36, 'mile miles mi': 63_360 },
  {
    'mm millimeter millimeters': 1,
    'cm centimeter centimeters': 10,
    'm meter meters metre metres': 1e3,
    'km kilometer kilometers': 1e6,
  },
  { 'mg milligram milligrams': 1, 'g gram grams': 1e3, 'kg kilogram kilograms': 1e6 },
  { 'oz ounce ounces': 1, 'lb lbs pound pounds': 16 },
  { 'cent cents penny pence ¢ p c': 1, 'dollar dollars euro euros pound pounds': 100 },
  { 'ml milliliter milliliters': 1, 'l liter liters litre litres': 1e3 },
  { "' minute minutes arcminutes": 1, '° degree degrees': 60 },
  { 'rad radian radians': 180 / Math.PI, '° deg degree degrees': 1 },
].map((units) =>
  Object.fromEntries(
    Object.entries(units).flatMap(([names, factor]) => names.split(' ').map((name) => [name, factor])),
  ),
)

const unitWord = / ?(\p{L}{1,12}|[°¢"″]|''?)(?!\p{L})\.?/uy
const joint = /(?:,? ?(?:and|und|et|y|e|&) |, ?| )?(?=\d)/y
const plainNumber = /\d+(?:\.\d+)?(?![\d,]|\.\d| ?\/)/y

/** "12 dollars 50", "5 foot 6": the rest, of which the unit is not said. */
const unnamed = / (\d{1,2})(?![\d,]*\d|\.\d| ?[\p{L}%/*×+^=-])/uy
/** How many of the unit that is not said make one of a unit. */
const below: Readonly<Record<string, number>> = { dollar: 100, dollars: 100, euro: 100, euros: 100, foot: 12, feet: 12 }

/** The unit behind a number, in small letters; null where there is none. */
export function unitAt(text: string, at: number): string | null {
  unitWord.lastIndex = at
  return unitWord.exec(text)?.[1]?.toLowerCase() ?? null
}

/** How many of one unit another is; null where they are not of one dimension. */
export function conversion(unit: string, other: string): number | null {
  for (const factors of dimensions) {
    const [from, to] = [factors[unit], factors[other]]
    if (from !== undefined && to !== undefined) return from / to
  }
  return null
}

/**
 * The rest of a quantity that is said in two or three units, as "5 min 30 s" and "5 hours and 30 minutes": what it is in each of them, and
 * where it ends. Null where the number at a place has no other such unit behind it.
 */
export function compoundAt(text: string, from: number, first: number): { values: number[]; end: number } | null {
  const read = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  const unit = read(unitWord, from)
  if (unit === null) return null
  for (const factors of dimensions) {
    let factor = factors[unit[1]!.toLowerCase()]
    if (factor === undefined) continue
    let total = first * factor
    let end = from + unit[0].length
    const used = [factor]
    for (;;) {
      const between = read(joint, end)
      const amount = between && read(plainNumber, end + between[0].length)
      const next = amount && read(unitWord, end + between[0].length + amount[0].length)
      const smaller = next ? factors[next[1]!.toLowerCase()] : undefined
      if (!between || !amount || !next || smaller === undefined || smaller >= factor) break
      total += Math.sign(first || 1) * Number(amount[0]) * smaller
      end += between[0].length + amount[0].length + next[0].length
      used.push(smaller)
      factor = smaller
    }
    const rest = used.length === 1 ? read(unnamed, end) : null
    const smaller = rest === null ? undefined : below[unit[1]!.toLowerCase()]
    if (rest !== null && smaller !== undefined && Number(rest[1]) < smaller) {
      const part = Math.sign(first || 1) * Number(rest[1])
      return { values: [first + part / smaller], end: end + rest[0].length }
    }
    if (used.length > 1) return { values: used.map((each) => total / each), end }
  }
  return null
}
