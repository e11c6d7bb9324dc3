import type { NumberRange } from '../../../../schemas/task.ts'
import type { Band, Skill } from '../skill.ts'
import { hundredths, intInBand, plain } from '../skill.ts'

interface UnitPair {
  large: string
  small: string
  factor: number
}

const PAIRS: readonly UnitPair[] = [
  { large: 'km', small: 'm', factor: 1000 },
  { large: 'm', small: 'cm', factor: 100 },
  { large: 'kg', small: 'g', factor: 1000 },
  { large: 'l', small: 'ml', factor: 1000 },
  { large: 'cm', small: 'mm', factor: 10 },
]
const LONG: Record<string, string> = {
  km: 'kilometers',
  m: 'meters',
  cm: 'centimeters',
  mm: 'millimeters',
  kg: 'kilograms',
  g: 'grams',
  l: 'liters',
  ml: 'milliliters',
}

/** `value` in hundredths of the unit `from`. */
type UnitCore = { value: number; from: string; to: string }

/** Hundredths of the larger unit. */
const bands: Record<NumberRange, Band> = {
  narrow: [100, 999],
  wide: [100, 9_999],
  'heldout-validation': [10_000, 19_999],
  'heldout-test': [20_000, 99_999],
}

function pairOf(core: UnitCore): { factor: number; toSmaller: boolean } {
  const pair = PAIRS.find(
    ({ large, small }) => (large === core.from && small === core.to) || (small === core.from && large === core.to),
  )
  if (!pair) throw new Error(`no conversion from ${core.from} to ${core.to}`)
  return { factor: pair.factor, toSmaller: pair.large === core.from }
}

/** Metric conversion both ways: 1 is whole numbers to a smaller unit, 2 is to a larger unit, 3 is decimals to a smaller unit. */
export const convertUnits: Skill<UnitCore> = {
  name: 'convert-units',
  description: 'Convert a length, mass or volume to a smaller or a larger metric unit.',
  bands,
  sample(random, { difficulty, range }) {
    const { large, small, factor } = random.pick(PAIRS)
    // To a larger unit the starting number is whole, so that the answer is exact in two decimals.
    const step = difficulty === 1 ? 100 : difficulty === 2 && factor === 10 ? 10 : 1
    const value = intInBand(random, bands[range], step)
    if (difficulty === 2) return { value: value * factor, from: small, to: large }
    return { value, from: large, to: small }
  },
  size(core) {
    const { factor, toSmaller } = pairOf(core)
    return toSmaller ? core.value : core.value / factor
  },
  solve(core) {
    const { factor, toSmaller } = pairOf(core)
    const result = toSmaller ? core.value * factor : core.value / factor
    const shown = plain(core.value)
    const written = hundredths(result)
    return {
      answer: result / 100,
      workings: toSmaller
        ? [`${shown} times ${factor} is ${written}.`, `${shown} times ${factor} makes ${written}.`]
        : [`${shown} divided by ${factor} is ${written}.`, `${shown} divided by ${factor} makes ${written}.`],
    }
  },
  slots: (core, random, lexicon) => ({
    value: plain(core.value),
    from: core.from,
    to: core.to,
    fromLong: LONG[core.from]!,
    toLong: LONG[core.to]!,
    person: random.pick(lexicon.people),
  }),
}
