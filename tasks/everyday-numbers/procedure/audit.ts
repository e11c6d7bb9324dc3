import type { Difficulty, Item } from '../../../schemas/task.ts'
import { TrainingRange } from '../../../schemas/task.ts'
import type { AuditRequest } from '../../procedure.ts'
import type { PhrasingBank } from './phrasing/bank.ts'
import { testBank } from './phrasing/test.ts'
import { trainingBank } from './phrasing/train.ts'
import { drawProblem, INSTRUCTION } from './problem.ts'
import type { Random } from './random.ts'
import { randomFrom } from './random.ts'
import { SKILL_NAMES } from './skills/mod.ts'

const DRAWN_PARTS = ['in-template', 'heldout-phrasing', 'heldout-range'] as const
const MAX_REDRAWS = 1500
const REDRAWS_A_DIFFICULTY = 500

interface SplitManner {
  name: 'validation' | 'test' | 'audit'
  phrasings: PhrasingBank
  range: 'heldout-validation' | 'heldout-test'
}

function rangeOf(part: (typeof DRAWN_PARTS)[number], manner: SplitManner, random: Random) {
  return part === 'heldout-range' ? manner.range : random.pick(TrainingRange.options)
}

/**
 * Draws items: skills in turn, difficulties evenly, held-out phrasings in training ranges and held-out ranges in training
 * phrasings, so that each part differs from training in one thing.
 * @throws throws when a free core is not found in 1,500 draws
 */
export function drawItems(options: AuditRequest, manner: SplitManner): Item[] {
  const items: Item[] = []
  for (const part of DRAWN_PARTS) {
    const random = randomFrom(JSON.stringify([manner.name, part, options.seed]))
    const bank = part === 'heldout-phrasing' ? manner.phrasings : trainingBank
    for (let index = 0; index < (options.counts[part] ?? 0); index++) {
      const skill = SKILL_NAMES[index % SKILL_NAMES.length]!
      const difficulty = ((Math.floor(index / SKILL_NAMES.length) % 3) + 1) as Difficulty
      const range = rangeOf(part, manner, random)
      const draw = (redraws: number) => {
        // The easiest problems are few, and training may have taken them all: then the next difficulty is drawn from.
        const step = Math.floor(redraws / REDRAWS_A_DIFFICULTY)
        const drawn = (((difficulty - 1 + step) % 3) + 1) as Difficulty
        const phrasings = bank.frames[skill].length
        return drawProblem(random, { skill, difficulty: drawn, range, bank, phrasings })
      }
      let problem = draw(0)
      for (let redraws = 1; options.taken.has(problem.coreKey); redraws++) {
        if (redraws > MAX_REDRAWS) throw new Error(`no free core of ${skill} in ${MAX_REDRAWS} draws`)
        problem = draw(redraws)
      }
      options.taken.add(problem.coreKey)
      const { input, answer, coreKey } = problem
      const id = `${manner.name}-${part}-${String(index + 1).padStart(3, '0')}`
      items.push({ id, part, skill, instruction: INSTRUCTION, input, answer, coreKey })
    }
  }
  return items
}

/**
 * Fresh items in the manner of the test. `taken` holds the core keys of training, validation and test; an item whose core
 * is in it is drawn again, and each drawn core is added.
 */
export function drawAudit(options: AuditRequest): Item[] {
  return drawItems(options, { name: 'audit', phrasings: testBank, range: 'heldout-test' })
}
