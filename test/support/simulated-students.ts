import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { normalQuantile } from '../../evidence/report/statistics/intervals.ts'
import type { Grouped } from '../../evidence/report/statistics/two-way.ts'

/**
 * A student's accuracy differs by training seed, and its items differ in difficulty: an answer is right where difficulty, `shared` of
 * whose variance belongs to the item and the rest to the one answer, lies below the threshold of the seed's accuracy.
 */
export type World = {
  items: number
  /** Accuracy of the middle seed. */
  accuracy: number
  /** Standard deviation of the seeds' accuracy, as a fraction: 0.06 for 6 points. */
  deviation: number
  /** 0: items are equally hard. 0.8: another seed flips a fifth of the items at one half, as the embedded student does. */
  shared: number
  /** Items of a group share half of what belongs to the item. */
  groupSize: number
  /** `even`: normal, cut at 0 and 1. `skewed`: normal on the scale of the log odds, so with a tail away from the nearer end. */
  seeds: 'even' | 'skewed'
}

/** How alike two arms find an item, as a correlation. */
const betweenArms = 0.9

/** A source of simulated students; everything follows from `seed`. */
export function simulatedStudents(seed: number) {
  const random = xoroshiro128plus(seed)
  const uniform = () => ((random.next() >>> 0) + 0.5) / 2 ** 32
  let spare: number | null = null
  const normal = () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    const [radius, angle] = [Math.sqrt(-2 * Math.log(uniform())), 2 * Math.PI * uniform()]
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  /** How hard the items of a paper are, to every arm. */
  const evalSet = ({ items, groupSize }: World) => {
    let group = 0
    return Float64Array.from({ length: items }, (_, item) => {
      if (groupSize === 1) return normal()
      if (item % groupSize === 0) group = normal()
      return Math.SQRT1_2 * (group + normal())
    })
  }

  /** Adapters, each trained with a fresh seed. */
  const trained = (world: World, seeds: number): number[] =>
    Array.from({ length: seeds }, () => normalQuantile(accuracyOf(world, normal())))

  /** The right answers of an arm's adapters on a paper. */
  const isEvaluatedOn = (world: World, common: Float64Array, adapters: readonly number[]): Grouped => {
    const { items, shared, groupSize } = world
    const [alike, apart] = [Math.sqrt(shared * betweenArms), Math.sqrt(shared * (1 - betweenArms))]
    const own = common.map((difficulty) => alike * difficulty + apart * normal())
    const chance = Math.sqrt(1 - shared)
    const groups = Math.ceil(items / groupSize)
    const right = adapters.map((threshold) => {
      const answers = new Float64Array(groups)
      for (let item = 0; item < items; item++) {
        if (own[item]! + chance * normal() < threshold) answers[Math.floor(item / groupSize)]! += 1
      }
      return answers
    })
    return {
      sizes: Array.from({ length: groups }, (_, group) => Math.min(groupSize, items - group * groupSize)),
      right,
    }
  }
  /** A new arm on a paper. */
  const arm = (world: World, common: Float64Array, seeds: number) => isEvaluatedOn(world, common, trained(world, seeds))
  return { evalSet, trained, isEvaluatedOn, arm, uniform }
}

/** The accuracy expected over seeds and items: what intervals should hold. */
export function truthOf(world: World): number {
  const points = 4000
  let sum = 0
  for (let point = 0; point < points; point++) sum += accuracyOf(world, normalQuantile((point + 0.5) / points))
  return sum / points
}

function accuracyOf({ accuracy, deviation, seeds }: World, normal: number): number {
  if (seeds === 'even') return Math.min(1, Math.max(0, accuracy + deviation * normal))
  const spread = accuracy * (1 - accuracy)
  const odds = Math.exp((deviation / spread) * normal) * (accuracy / (1 - accuracy))
  return odds / (1 + odds)
}
