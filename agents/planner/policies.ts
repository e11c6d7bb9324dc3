import type { VariantOf } from '../../schemas/variants.ts'
import { blind } from './ablations/blind.ts'
import { repeated } from './ablations/repeat.ts'
import { shuffled } from './ablations/shuffled.ts'
import { givenProgram } from './generate.ts'
import type { LlmMode } from './llm/modes.ts'
import type { Policy } from './policy.ts'

/**
 * What each variant decides with; `model` opens what a language model decides. Each loads what it needs: a language model's client
 * takes longer to load than a small run takes to plan.
 */
export const policies: Readonly<
  Record<VariantOf<'planner'>, (model: (mode: LlmMode) => Promise<Policy>) => Promise<Policy>>
> = {
  rules: async () => (await import('./rules/graph.ts')).rulesPolicy,
  'llm-one-shot': (model) => model('one-shot'),
  'llm-iterative': (model) => model('iterative'),
  generate: async () => givenProgram,
  // What planners are compared with.
  random: async () => (await import('./random.ts')).randomPolicy,
  'llm-blind': async (model) => blind(await model('iterative')),
  'llm-shuffled-feedback': async (model) => shuffled(await model('iterative')),
  'llm-repeat': async (model) => repeated(await model('iterative')),
}
