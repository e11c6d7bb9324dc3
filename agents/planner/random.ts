import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { deriveSeed } from '../../schemas/hash.ts'
import { maxPhrasings } from '../../schemas/task.ts'
import type { Policy } from './policy.ts'
import type { Manner } from './program/programs.ts'
import { writeProgram } from './rules/write-program.ts'

/**
 * The planner variant `random`: best of k random programs. Rows by skill, phrasings, ranges and difficulty are drawn uniformly from all
 * that the rules could write, from the run's seed and the attempt's number; nothing measured is looked at.
 */
export const randomPolicy: Policy = {
  draftsOnly: true,
  async decide(situation) {
    const { seed, operation, task, history } = situation
    // A repair completes the dataset that was drawn.
    const drawn = history.findLast((attempt) => operation === 'repair' && attempt.operation !== 'repair')
    const random = xoroshiro128plus(deriveSeed(seed, `random-program/${(drawn ?? situation).attempt}`))
    const uniform = () => uniformFloat64(random)
    // Normalised exponentials are uniform over all ways to divide a whole (Devroye 1986, chapter V, theorem 2.2).
    const share = () => -Math.log(1 - uniform())
    const manner = (): Manner => ({
      phrasings: 1 + Math.floor(uniform() * maxPhrasings),
      wideShare: uniform(),
      difficulty: [share(), share(), share()],
    })
    const skills = task.skills.map(({ name }) => name)
    const program = writeProgram(situation, {
      weights: new Map(skills.map((skill) => [skill, share()])),
      manner: new Map(skills.map((skill) => [skill, manner()])),
      carryShare: operation === 'repair' ? 1 : 0,
    })
    return { program, diagnosis: 'A program drawn at random, whatever was measured.', model: null }
  },
}
