import type { Plugin } from './plugin.ts'
import type { Source } from './program.ts'
import type { AgentRole, Role } from './role.ts'

/** The built-in variants of each role. Each has a line in the role's map, and a file or a folder in `agents/<role>/`. */
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

/** A variant as a topology or the settings of a run name it. `plugin`: what one declares that is not built in. */
export type ChosenVariant = { variant: string; plugin?: Pick<Plugin, 'asksModel' | 'sources'> | undefined }

/** Whether a variant asks a language model: it has a model among its options and is given the endpoint's key. */
export const asksModel = ({ variant, plugin }: ChosenVariant): boolean =>
  plugin?.asksModel ?? withModel.includes(variant)

/** The kinds of sources that a planner may write for each generator. */
const sourceKinds: Readonly<Record<VariantOf<'generator'>, readonly Source['kind'][]>> = {
  procedural: ['procedure'],
  llm: ['prompt'],
}

/** The kinds of sources that a planner may write for a generator. */
export const sourceKindsOf = ({ variant, plugin }: ChosenVariant): readonly Source['kind'][] =>
  plugin ? (plugin.sources ?? []) : sourceKinds[variant as VariantOf<'generator'>]

/** A role's variant in the settings of a run. */
export const chosenIn = (
  {
    variants,
    plugins,
  }: { variants: Readonly<Record<AgentRole, string>>; plugins?: Partial<Record<AgentRole, Plugin>> | undefined },
  role: AgentRole,
): ChosenVariant => ({ variant: variants[role], plugin: plugins?.[role] })

/** Whether a role has a built-in variant of this name. */
export const isBuiltIn = (role: AgentRole, variant: string): boolean =>
  (variantsOf[role] as readonly string[]).includes(variant)

/** Roles that have no part in the runs of a variant. */
const without: Readonly<Record<string, readonly Role[]>> = {
  generate: ['trainer-bridge', 'evaluator'] satisfies Role[],
}

/** Whether a role may have something to say to a variant. */
export const receivesFrom = (variant: string, from: Role): boolean => !without[variant]?.includes(from)

export type VariantOf<R extends AgentRole> = (typeof variantsOf)[R][number]
