import { maxPhrasings } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'
import { prompt } from './prompts.ts'

/** What the model is given about the sources that the run's generator can follow, the seed pool, and the checks of its critic. */
export function kindRules({
  sourceKinds,
  task,
  meteredChecks,
}: Pick<Situation, 'sourceKinds' | 'task' | 'meteredChecks'>): string {
  const seeds = task.seeds.length > 0 ? [prompt('seed')] : []
  const checks = prompt(meteredChecks ? 'paid-checks' : 'free-checks')
  const prompted = sourceKinds.includes('prompt') ? [...seeds, prompt('hooks'), checks] : []
  const values = { maxPhrasings: String(maxPhrasings) }
  return [...sourceKinds.map((kind) => prompt(`kind-${kind}`, values)), ...prompted].join('\n')
}
