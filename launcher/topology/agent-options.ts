import type { z } from 'zod'
import { JudgeOptions } from '../../agents/critic/rules-and-judge/options.ts'
import { AnalystOptions } from '../../agents/evaluator/scorer-and-analyst/options.ts'
import { LlmGeneratorOptions } from '../../agents/generator/llm/options.ts'
import { LlmPlannerOptions } from '../../agents/planner/llm/options.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** What the variants that ask a model take as options. */
export const optionsOf = {
  planner: LlmPlannerOptions,
  generator: LlmGeneratorOptions,
  critic: JudgeOptions,
  evaluator: AnalystOptions,
}

/**
 * The options of a topology's agent. `named`: how the error names it.
 * @throws UsageError for options that do not hold
 */
export function usableOptions<T>(
  schema: z.ZodType<T>,
  { name, agents }: Topology,
  role: AgentRole,
  { named, fix }: { named: string; fix: string },
): T {
  const { data, error } = schema.safeParse(agents[role].options)
  if (!error) return data
  const { path, message } = error.issues[0]!
  throw new UsageError(
    `The ${named} of topology ${name} has no usable options: ${path.join('.') || 'options'}: ${message}.`,
    fix,
  )
}
