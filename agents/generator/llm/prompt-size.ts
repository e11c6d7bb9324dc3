import type { PromptParameter, PromptSource } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { seedsOf } from '../../../tasks/seeds-of.ts'
import { fillIn } from '../../kit/compose-prompts.ts'
import { estimateTokens } from '../../kit/teacher/tokens.ts'

/** About how many tokens the longest prompt of a source and its reply have together; both have to fit into the model's context. */
export function tokensNeeded(
  source: PromptSource,
  { instruction, seeds }: Pick<PublicTask, 'instruction' | 'seeds'>,
): number {
  const pool = source.seeds === 'pool' ? seedsOf(seeds, source.skill).map(({ text }) => text) : source.seeds
  const values = new Map([
    ['index', '0'],
    ['skill', source.skill],
    ['instruction', instruction],
    ['seed', longest(pool)],
    ...Object.entries(source.parameters).map(([name, each]) => [name, longest(valuesOf(each))] as const),
  ])
  return estimateTokens(fillIn(source, instruction, values)) + source.sampling.maxTokens
}

const valuesOf = (parameter: PromptParameter): string[] =>
  Array.isArray(parameter)
    ? parameter.map(String)
    : [parameter.from, parameter.to].map((value) => value.toFixed(parameter.decimals))

const longest = (texts: readonly string[]): string =>
  texts.reduce((most, each) => (each.length > most.length ? each : most), '')
