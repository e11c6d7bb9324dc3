/**
 * What a token is to the checks: `open` a noun, name, verb or variable (what a renamed copy changes); `closed` a function
 * word; `value` a number, date word or operator (what makes it another problem); `unit` a unit of measure.
 */
export const tokenKinds = { open: 0, closed: 1, value: 2, unit: 3 } as const
export type Kind = (typeof tokenKinds)[keyof typeof tokenKinds]

/** What the normalisation does with one spelling. */
export type Normalisation =
  | { is: 'drop' }
  | { is: 'closed'; text: string }
  | { is: 'unit'; text: string; bit: number; bare: boolean }
  | { is: 'month'; text: string; ambiguous: boolean }
  | { is: 'number'; value: number; scale: boolean }
  | { is: 'power'; value: number }
  | { is: 'operator'; text: string }

/** Canonical symbol: spellings. A spelling after `|` is read as the unit only beside a number or another unit. */
const units: Record<string, string> = {
  kg: 'kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes',
  mg: 'mg milligram milligrams',
  g: 'gram grams gramme grammes | g gr gm',
  tonne: 'tonne tonnes ton tons',
  lb: 'lb lbs pound pounds',
  oz: 'oz ounce ounces',
  km: 'km kms kilometer kilometers kilometre kilometres',
  m: 'meter meters metre metres | m',
  dm: 'dm decimeter decimeters decimetre decimetres',
  cm: 'cm cms centimeter centimeters centimetre centimetres',
  mm: 'mm millimeter millimeters millimetre millimetres',
  nm: 'nm nanometer nanometers nanometre nanometres',
  mi: 'mile miles | mi',
  yd: 'yd yds yard yards',
  ft: 'ft feet foot',
  inch: 'inch inches',
  l: 'liter liters litre litres | l',
  ml: 'ml milliliter milliliters millilitre millilitres',
  cl: 'cl centiliter centiliters centilitre centilitres',
  gal: 'gal gals gallon gallons',
  h: 'hour hours hr hrs | h',
  min: 'minute minutes mins | min',
  s: 'seconds secs | second sec s',
  ms: 'ms millisecond milliseconds',
  day: 'day days',
  week: 'week weeks wk wks',
  year: 'year years yr yrs',
  percent: 'percent pct percents',
  deg: 'degree degrees deg',
  c: 'celsius centigrade | c',
  f: 'fahrenheit | f',
  k: 'kelvin kelvins | k',
  j: 'joule joules | j',
  kj: 'kj kilojoule kilojoules',
  w: 'watt watts | w',
  kw: 'kw kilowatt kilowatts',
  v: 'volt volts | v',
  amp: 'amp amps ampere amperes',
  n: 'newton newtons | n',
  pa: 'pascal pascals | pa',
  atm: 'atm atmosphere atmospheres',
  mol: 'mol mole moles',
  hz: 'hz hertz',
}

/** Words of no content. Those of one group are one word to the checks: another name brings another pronoun or number. */
const closed = [
  'is are was were be been being am',
  'has have had having',
  'do does did doing done',
  'he she they it we i you him them us me',
  'his her their its our my your hers theirs',
  'this these',
  'that those',
]
const closedAlone =
  'of in on at to from by with for into onto over under between among than then as and or but if else when while until ' +
  'before after during since because so not no nor how many much what which who whom whose where why will would can ' +
  'could shall should may might must each every all both some any more less fewer most least there here total together ' +
  'left remaining altogether only also just about per same other another such return def lambda true false none print ' +
  'elif break continue pass range len not'

const months = 'january february march april may june july august september october november december'.split(' ')
const weekdays = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ')
const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
  'eighteen nineteen'
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'
const scales = { dozen: 12, hundred: 100, thousand: 1_000, million: 1_000_000, billion: 1_000_000_000 }

/** Currency is dropped: "$5", "5 dollars" and "USD 5" are one spelling, and `$` opens LaTeX as well. */
const dropped = 'a an the per dollar dollars usd euro euros eur gbp yen jpy'

/** LaTeX commands that only format; any other command stays as a word. */
const latexWrappers =
  'mathrm mathbf mathit mathsf mathcal mathbb text textbf textit textrm operatorname left right big bigl bigr displaystyle ' +
  'quad qquad frac dfrac tfrac begin end boldsymbol bm rm bf it hspace vspace label emph underline overline boxed'
const latexSymbols: Record<string, string> = {
  times: '*',
  cdot: '*',
  div: '/',
  circ: 'deg',
  degree: 'deg',
  leq: 'le',
  geq: 'ge',
  neq: 'ne',
}

/** Spelling (folded) to what it means; words that are not here are open-class words and stay as they are. */
export const lexicon: ReadonlyMap<string, Normalisation> = buildLexicon()
/** A formatting command gives '', a symbol its character or word; others are absent. */
export const latexCommands: ReadonlyMap<string, string> = new Map([
  ...latexWrappers.split(' ').map((name) => [name, ''] as const),
  ...Object.entries(latexSymbols),
])

function buildLexicon(): Map<string, Normalisation> {
  const entries = new Map<string, Normalisation>()
  for (const word of closedAlone.split(' ')) entries.set(word, { is: 'closed', text: word })
  for (const group of closed) {
    const words = group.split(' ')
    for (const word of words) entries.set(word, { is: 'closed', text: words[0]! })
  }
  Object.entries(units).forEach(([text, spellings], bit) => {
    const [plain, beside] = spellings.split(' | ')
    for (const word of plain!.split(' ')) entries.set(word, { is: 'unit', text, bit, bare: true })
    for (const word of beside?.split(' ') ?? []) entries.set(word, { is: 'unit', text, bit, bare: false })
  })
  for (const [i, month] of months.entries()) {
    const ambiguous = month === 'may' || month === 'march'
    entries.set(month, { is: 'month', text: `month${i + 1}`, ambiguous })
    // "mar", "may", "sep" and so on: beside a number only.
    if (month !== 'may') entries.set(month.slice(0, 3), { is: 'month', text: `month${i + 1}`, ambiguous: true })
  }
  entries.set('sept', { is: 'month', text: 'month9', ambiguous: true })
  for (const [i, day] of weekdays.entries())
    entries.set(day, { is: 'month', text: `weekday${i + 1}`, ambiguous: false })
  for (const [value, word] of small.split(' ').entries()) entries.set(word, { is: 'number', value, scale: false })
  for (const [i, word] of tens.split(' ').entries())
    entries.set(word, { is: 'number', value: 20 + 10 * i, scale: false })
  for (const [word, value] of Object.entries(scales)) entries.set(word, { is: 'number', value, scale: true })
  for (const word of dropped.split(' ')) entries.set(word, { is: 'drop' })
  entries.set('squared', { is: 'power', value: 2 }).set('cubed', { is: 'power', value: 3 })
  entries.set('plus', { is: 'operator', text: '+' })
  entries.set('minus', { is: 'operator', text: '-' })
  entries.set('times', { is: 'operator', text: '*' })
  entries.set('x', { is: 'operator', text: '*' })
  return entries
}
