import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { ComparedResult, Use } from '../../evidence/report/comparison/compared-run.ts'
import { type ComparisonPlan, type PlannerArm, runsOf } from '../../evidence/report/comparison/plan.ts'
import { sha256 } from '../../schemas/hash.ts'

const usual: Use = {
  ...{ teacherCalls: 1000, candidates: 1000, rows: { fewest: 300, most: 300 }, trainings: 4, validationScores: 5 },
  ...{ plannerCalls: 6, plannerTokens: 12_000, money: 0.5 },
}

export const planOf = (changes: Partial<ComparisonPlan> = {}): ComparisonPlan => ({
  ...{ name: 'worth-it', task: 'some-task', taskHash: sha256('task'), topology: 'llm', topologyHash: sha256('llm') },
  ...{ arms: ['llm-iterative', 'rules', 'llm-blind', 'llm-shuffled-feedback', 'random'], pairs: 6, seed: 1 },
  ...{ attempts: 3, rows: 300, trainingSeeds: 1, teacherCalls: 5000 },
  ...changes,
})

/** Made-up results of a comparison's runs. */
export const resultsOf = (
  plan: ComparisonPlan,
  scoreOf: (arm: PlannerArm, pair: number) => number | null,
  useOf: (arm: PlannerArm) => Partial<Use> = () => ({}),
): ComparedResult[] =>
  runsOf(plan).map((run) => {
    const score = scoreOf(run.arm as PlannerArm, run.pair)
    const status = score === null ? 'failed' : 'finished'
    const use = { ...usual, ...useOf(run.arm as PlannerArm) }
    return { ...run, status, part: 'heldout-phrasing', mode: 'strict', score, base: 0.1, use }
  })

/** Standard normal draws from a seed (Box and Muller 1958). */
export function normals(seed: number): () => number {
  const random = xoroshiro128plus(seed)
  const uniform = () => ((random.next() >>> 0) + 0.5) / 2 ** 32
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}
