import type { AgentRole } from './role.ts'

/** The variants there are of each role. Each has a folder `agents/<role>/<variant>/` and a line in the role's map. */
export const variantsOf = {
  planner: ['rules', 'llm-one-shot', 'llm-iterative', 'generate'],
  generator: ['procedural', 'llm'],
  critic: ['rules'],
  'trainer-bridge': ['peft'],
  evaluator: ['scorer'],
} as const satisfies Record<AgentRole, readonly string[]>

export type VariantOf<R extends AgentRole> = (typeof variantsOf)[R][number]
