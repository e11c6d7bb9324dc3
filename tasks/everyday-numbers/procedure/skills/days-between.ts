import type { NumberRange } from '../../../../schemas/task.ts'
import type { Random } from '../random.ts'
import type { Band, Skill } from '../skill.ts'
import { intInBand } from '../skill.ts'

const MONTHS = [
  ['January', 31],
  ['February', 28],
  ['March', 31],
  ['April', 30],
  ['May', 31],
  ['June', 30],
  ['July', 31],
  ['August', 31],
  ['September', 30],
  ['October', 31],
  ['November', 30],
  ['December', 31],
] as const
const DAYS_OF_YEAR = MONTHS.flatMap(([, length], month) =>
  Array.from({ length }, (_, day) => ({ day: day + 1, month })),
)
/** All dates lie after February, so no problem depends on the year. */
const FIRST_START = DAYS_OF_YEAR.findIndex(({ month }) => month === 2)

/** The first day, as days since 1 January, and the days from it to the last day. */
type DaysCore = { start: number; span: number }

const bands: Record<NumberRange, Band> = {
  narrow: [2, 15],
  wide: [2, 30],
  'heldout-validation': [31, 45],
  'heldout-test': [46, 75],
}

function monthsCrossed(start: number, span: number): number {
  return DAYS_OF_YEAR[start + span]!.month - DAYS_OF_YEAR[start]!.month
}

function sampleStart(random: Random, span: number, difficulty: 1 | 2 | 3): number {
  const starts = Array.from({ length: DAYS_OF_YEAR.length - span - FIRST_START }, (_, index) => FIRST_START + index)
  const crossed = starts.map((start) => monthsCrossed(start, span))
  const wanted = difficulty === 1 ? Math.min(...crossed) : Math.max(...crossed)
  return random.pick(difficulty === 2 ? starts : starts.filter((_, index) => crossed[index] === wanted))
}

/** Days from one date to a later one: fewest month ends between them, any number, or most. */
export const daysBetween: Skill<DaysCore> = {
  name: 'days-between',
  description: 'Days from one date to a later one in the same year.',
  bands,
  sample(random, { difficulty, range }) {
    const span = intInBand(random, bands[range])
    return { start: sampleStart(random, span, difficulty), span }
  },
  size: (core) => core.span,
  solve({ start, span }) {
    const first = DAYS_OF_YEAR[start]!
    const last = DAYS_OF_YEAR[start + span]!
    if (first.month === last.month) {
      return {
        answer: span,
        workings: [`${last.day} minus ${first.day} is ${span}.`, `${last.day} minus ${first.day} makes ${span}.`],
      }
    }
    const [, length] = MONTHS[first.month]!
    const rest = length - first.day
    const more = [...MONTHS.slice(first.month + 1, last.month).map(([, days]) => days), last.day]
    return {
      answer: span,
      workings: [
        `${length} minus ${first.day} is ${rest}, plus ${more.join(' plus ')} is ${span}.`,
        `${length} minus ${first.day} makes ${rest}, plus ${more.join(' plus ')} makes ${span}.`,
      ],
    }
  },
  slots({ start, span }, random, lexicon) {
    const first = DAYS_OF_YEAR[start]!
    const last = DAYS_OF_YEAR[start + span]!
    const [firstName] = MONTHS[first.month]!
    const [lastName] = MONTHS[last.month]!
    return {
      start: `${first.day} ${firstName}`,
      end: `${last.day} ${lastName}`,
      startMonthFirst: `${firstName} ${first.day}`,
      endMonthFirst: `${lastName} ${last.day}`,
      startOf: `day ${first.day} of ${firstName}`,
      endOf: `day ${last.day} of ${lastName}`,
      person: random.pick(lexicon.people),
      vendor: random.pick(lexicon.vendors),
    }
  },
}
