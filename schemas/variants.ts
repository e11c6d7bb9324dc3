import type { AgentRole } from './role.ts'

/** The variants there are of each role. Each has a folder `agents/<role>/<variant>/` and a line in the role's map. */
export const variantsOf = {
  planner: ['rules', 'llm-one-shot', 'llm-iterative', 'generate'],
  generator: ['procedural', 'llm'],
  critic: ['rules', 'rules-and-judge'],
  'trainer-bridge': ['peft'],
  evaluator: ['scorer'],
} as const satisfies Record<AgentRole, readonly string[]>

const withModel: readonly string[] = [
  'llm-one-shot',
  'llm-iterative',
  'llm',
  'rules-and-judge',
] satisfies (typeof variantsOf)[AgentRole][number][]

/** Whether a variant asks a language model: it has a model among its options and is given the endpoint's key. */
export const asksModel = (variant: string): boolean => withModel.includes(variant)

export type VariantOf<R extends AgentRole> = (typeof variantsOf)[R][number]
