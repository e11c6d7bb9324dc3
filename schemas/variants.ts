import type { AgentRole, Role } from './role.ts'

/** The variants there are of each role. Each has a line in the role's map, and a file or a folder in `agents/<role>/`. */
export const variantsOf = {
  planner: [
    'rules',
    'random',
    'llm-one-shot',
    'llm-iterative',
    'llm-blind',
    'llm-shuffled-feedback',
    'llm-repeat',
    'generate',
  ],
  generator: ['procedural', 'llm'],
  critic: ['rules', 'rules-and-judge'],
  'trainer-bridge': ['peft'],
  evaluator: ['scorer', 'scorer-and-analyst'],
} as const satisfies Record<AgentRole, readonly string[]>

const withModel: readonly string[] = [
  'llm-one-shot',
  'llm-iterative',
  'llm-blind',
  'llm-shuffled-feedback',
  'llm-repeat',
  'llm',
  'rules-and-judge',
  'scorer-and-analyst',
] satisfies (typeof variantsOf)[AgentRole][number][]

/** Whether a variant asks a language model: it has a model among its options and is given the endpoint's key. */
export const asksModel = (variant: string): boolean => withModel.includes(variant)

/** Roles that have no part in the runs of a variant. */
const without: Readonly<Record<string, readonly Role[]>> = {
  generate: ['trainer-bridge', 'evaluator'] satisfies Role[],
}

/** Whether a role may have something to say to a variant. */
export const receivesFrom = (variant: string, from: Role): boolean => !without[variant]?.includes(from)

export type VariantOf<R extends AgentRole> = (typeof variantsOf)[R][number]
