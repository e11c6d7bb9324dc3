import { JudgeOptions } from '../../agents/critic/rules-and-judge/options.ts'
import { LlmGeneratorOptions } from '../../agents/generator/llm/options.ts'
import { LlmPlannerOptions } from '../../agents/planner/llm/options.ts'

/** What the variants that ask a model take as options. */
export const optionsOf = { planner: LlmPlannerOptions, generator: LlmGeneratorOptions, critic: JudgeOptions }
