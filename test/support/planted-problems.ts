/**
 * Generated problems with planted copies of them, for the tests and the benchmark of the checks. The words and
 * spellings here are chosen apart from the checks' own tables.
 */
export type LeakKind = 'verbatim' | 'restyled' | 'respelled' | 'reordered' | 'wrapped' | 'renamed' | 'copied-passage'
export type LookAlikeKind = 'other-numbers' | 'one-other-number' | 'swapped-numbers'

export type Problem = {
  text: string
  /** The same problem in another dress. */
  leaks: Partial<Record<LeakKind, string>>
  /** The same template with other data; swapped-numbers only where there are two numbers. */
  lookAlikes: Partial<Record<LookAlikeKind, string>>
}

export type Dice = (below: number) => number

/** mulberry32: dice(n) is uniform in [0, n). */
export function createDice(seed: number): Dice {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const people = 'Tom Anna Priya Kofi Ingrid Mateo Yuki Omar Lena Chidi Farah Olaf Rosa Bram Noor'.split(' ')
const things = 'pens lamps crates tiles mugs ropes candles shirts maps hinges novels gears plums bricks'.split(' ')
const shops = ['Green Stationers', 'Nordhaus', 'the corner kiosk', 'Blue Harbour Supplies', 'Vega and Sons', 'Tandem']

type Names = { person: string; other: string; thing: string; shop: string }
type Template = { numbers: number; sentences: (n: readonly string[], names: Names) => string[] }

const templates: readonly Template[] = [
  {
    numbers: 3,
    sentences: ([a, b, c], { person, thing, shop }) => [
      `${person} buys ${a} boxes of ${thing} at ${shop} for ${b} dollars a box.`,
      `The clerk is handed ${c} dollars in notes.`,
      `How much change does ${person} receive?`,
    ],
  },
  {
    numbers: 3,
    sentences: ([a, b, c], { person, other, thing }) => [
      `A workshop run by ${person} makes ${a} ${thing} every hour.`,
      `Of these, ${b} percent fail the inspection by ${other}.`,
      `How many good ${thing} leave the workshop in ${c} hours?`,
    ],
  },
  {
    numbers: 2,
    sentences: ([a, b], { person }) => [
      `${person} drives ${a} kilometers at a steady speed.`,
      `The drive takes ${b} minutes.`,
      'What is the speed in kilometers per hour?',
    ],
  },
  {
    numbers: 2,
    sentences: ([a, b], { person, thing }) => [
      `One of the ${thing} weighs ${a} grams.`,
      `${person} packs ${b} of them into a parcel.`,
      'What does the parcel weigh in kilograms?',
    ],
  },
  {
    numbers: 4,
    sentences: ([a, b, c, d], { person, other, thing }) => [
      `${person} has ${a} ${thing} and ${other} has ${b}.`,
      `First ${person} gives ${c} ${thing} to ${other}, then ${other} loses ${d}.`,
      `How many ${thing} does ${other} have at the end?`,
    ],
  },
  {
    numbers: 2,
    sentences: ([a, b], { shop, thing }) => [
      `The price of ${thing} at ${shop} was ${a} dollars last spring.`,
      `Since then it has been lowered by ${b} percent.`,
      'What is the price now, in dollars and cents?',
    ],
  },
  {
    numbers: 1,
    sentences: ([a], { person, thing }) => [
      `${person} measured one of the ${thing} and wrote down ${a} centimeters.`,
      'The order form asks for meters, so the length must be converted first.',
      'Which number belongs on the form?',
    ],
  },
]

/** The text alone of a word problem of 20 to 45 words. */
export function shortText(dice: Dice): string {
  const template = templates[dice(templates.length)]!
  return template.sentences(distinctNumbers(dice, template.numbers, []), drawNames(dice)).join(' ')
}

/** A word problem of 20 to 45 words, with copies. */
export function shortProblem(dice: Dice): Problem {
  const template = templates[dice(templates.length)]!
  const numbers = distinctNumbers(dice, template.numbers, [])
  return plant(dice, numbers, drawNames(dice), (n, names) => template.sentences(n, names))
}

/** A question about a report of about so many words with its figures, most of which are in every sentence's company. */
export function longProblem(dice: Dice, words: number): Problem {
  const lines = Array.from({ length: Math.ceil(words / 24) }, (_, i) => ({
    words: [dice(nouns.length), dice(nouns.length), dice(nouns.length), dice(verbs.length)] as const,
    hasNumber: i % 2 === 0,
  }))
  const numbers = distinctNumbers(dice, 6 + lines.length, [])
  const problem = plant(dice, numbers, drawNames(dice), (n, { person, shop, thing }) => [
    `The accounts of ${shop}, kept by ${person}, list ${thing} sold for ${n[1]} thousand in the first year and ${n[2]} in the second.`,
    ...lines.map(({ words: [x, y, z, verb], hasNumber }, i) =>
      hasNumber
        ? `The ${nouns[x]} ${verbs[verb]} the ${nouns[y]} of ${n[6 + i]} units although a ${nouns[z]} near the harbour had been announced by ${person}.`
        : `In the same period the ${nouns[x]} of ${thing} ${verbs[verb]} each ${nouns[y]} and the ${nouns[z]} was noted in the report.`,
    ),
    `Costs were ${n[3]} and ${n[4]}, and taxes took ${n[5]} percent of what remained.`,
    `With a discount rate of ${n[0]} percent, what was the net result of both years?`,
  ])
  // The same report asked about with another rate: a copied context, not another problem of the same template.
  const { 'one-other-number': copied, ...lookAlikes } = problem.lookAlikes
  return { ...problem, leaks: { ...problem.leaks, ...(copied && { 'copied-passage': copied }) }, lookAlikes }
}

const nouns = (
  'budget harbour ledger supplier forecast turbine contract warehouse premium reserve district auditor margin vessel grant ' +
  'lease segment tariff dividend facility'
).split(' ')
const verbs = 'raised lowered covered replaced delayed reported secured doubled exceeded restored'.split(' ')

function plant(
  dice: Dice,
  numbers: string[],
  names: Names,
  sentences: (n: readonly string[], names: Names) => string[],
): Problem {
  const lines = sentences(numbers, names)
  const text = lines.join(' ')
  const renamed = sentences(numbers, drawNames(dice, names)).join(' ')
  const one = numbers.with(0, distinctNumbers(dice, 1, numbers)[0]!)
  return {
    text,
    leaks: {
      verbatim: text,
      restyled: restyle(dice, text),
      respelled: respell(text),
      reordered: [...lines.slice(1), lines[0]!].join(' '),
      wrapped: `Exercise ${1 + dice(90)}. Think it over before you answer. ${text} Give ${2 + dice(3)} decimals and show your work.`,
      renamed,
    },
    lookAlikes: {
      'other-numbers': sentences(distinctNumbers(dice, numbers.length, numbers), names).join(' '),
      'one-other-number': sentences(one, names).join(' '),
      ...(numbers.length > 1 && { 'swapped-numbers': sentences([...numbers].reverse(), names).join(' ') }),
    },
  }
}

/** The text with so many of its words exchanged for others; numbers and their neighbours' order stay. */
export function edited(dice: Dice, text: string, count: number): string {
  const words = text.split(' ')
  const plain = words.flatMap((word, at) => (/^[a-z]{2,}$/.test(word) ? at : []))
  for (let n = 0; n < count && plain.length > 0; n++) {
    const [at] = plain.splice(dice(plain.length), 1)
    words[at!] = `${words[at!]}${['ish', 'like', 'wise'][dice(3)]}`
  }
  return words.join(' ')
}

/** Another case, other punctuation, other spacing. */
function restyle(dice: Dice, text: string): string {
  const cased = [text.toUpperCase(), text.toLowerCase(), text][dice(3)]!
  return cased
    .replace(/\. /g, () => [' ; ', '.\n', '... ', '.  - '][dice(4)]!)
    .replace(/,/g, () => ['', ' ,', ' –'][dice(3)]!)
    .replace(/\?$/, () => ['', ' ?!', '.'][dice(3)]!)
    .replace(/ /g, () => (dice(6) === 0 ? '  ' : ' '))
}

/** Units as symbols, small numbers as words, large ones with separators. */
function respell(text: string): string {
  const words = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')
  return text
    .replace(/ kilometers per hour/g, ' km/h')
    .replace(/ kilometers/g, ' km')
    .replace(/ kilograms/g, ' kg')
    .replace(/ grams/g, ' g')
    .replace(/ centimeters/g, ' cm')
    .replace(/ percent/g, '%')
    .replace(/(\d+(?:\.\d+)?) dollars/g, '$$$1')
    .replace(/\b(\d{4,})\b/g, (digits) => Number(digits).toLocaleString('en-US'))
    .replace(/\b(\d{1,2})\b(?![.,]\d|%)(?<![.,$]\d{1,2})/g, (digits) => words[Number(digits)] ?? digits)
}

function drawNames(dice: Dice, not?: Names): Names {
  const pick = (from: readonly string[], ...taken: (string | undefined)[]): string => {
    const free = from.filter((name) => !taken.includes(name))
    return free[dice(free.length)]!
  }
  const person = pick(people, not?.person, not?.other)
  return {
    person,
    other: pick(people, person, not?.person, not?.other),
    thing: pick(things, not?.thing),
    shop: pick(shops, not?.shop),
  }
}

function number(dice: Dice): string {
  const size = dice(10)
  if (size < 5) return String(2 + dice(98))
  if (size < 8) return (dice(40_000) / 100 + 1.05).toFixed(2)
  return String(100 + dice(20_000))
}

function distinctNumbers(dice: Dice, count: number, not: readonly string[]): string[] {
  const taken = new Set(not.map(Number))
  const numbers: string[] = []
  while (numbers.length < count) {
    const next = number(dice)
    if (taken.has(Number(next))) continue
    taken.add(Number(next))
    numbers.push(next)
  }
  return numbers
}
