import { z } from 'zod'
import { LlmGeneratorOptions } from '../../agents/generator/llm/options.ts'
import { fillIn } from '../../agents/kit/compose-prompts.ts'
import { estimateTokens } from '../../agents/kit/token-counter.ts'
import { LlmPlannerOptions, leastContextChars } from '../../agents/planner/llm/options.ts'
import { promptTexts } from '../../agents/planner/llm/prompts.ts'
import { uniformPromptProgram } from '../../agents/planner/program/uniform-prompt.ts'
import { Program, type PromptParameter, type PromptSource } from '../../schemas/program.ts'
import { type PublicTask, seedsOf, type Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import type { PayingRole } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'

/** Tokens that the model of each role takes in and gives together; null where its endpoint does not say. */
export type ModelContexts = ReadonlyMap<PayingRole, number | null>

/** A model and the tokens that it takes in and gives together; null where nobody says. */
export type ModelContext = { model: string; contextTokens: number | null }

const tooSmall = ({ model, contextTokens }: ModelContext, what: string, needed: number, fix: string) =>
  new UsageError(
    `${what} wants about ${needed} tokens with its reply, and the context of ${model} has ${contextTokens}.`,
    fix,
  )

/** @throws UsageError when a prompt of the program and its reply do not fit into the teacher's context */
export function checkProgramFits(program: Program, task: Task, teacher: ModelContext): void {
  for (const source of program.sources) {
    if (source.kind !== 'prompt' || teacher.contextTokens === null) continue
    const needed = tokensNeeded(source, task)
    if (needed <= teacher.contextTokens) continue
    const fix = `Shorten its template or seeds, lower sampling.maxTokens (${source.sampling.maxTokens}), or name a model with a larger context.`
    throw tooSmall(teacher, `A prompt of source "${source.id}"`, needed, fix)
  }
}

/** Tokens of the planner's prompt beside what it is shown of the run. */
const fixedTokens = (): number => estimateTokens(promptTexts + JSON.stringify(z.toJSONSchema(Program, { io: 'input' })))

/** The share of a small context that is left for the planner's reply. */
const replyShare = 0.25

/**
 * The topology with a planner whose prompts and replies fit into the context of its model, where the topology does not say how long they
 * may be. One that is too small for the rest of its prompt is left as it is, and refused by `checkFits`.
 */
export function fitPlanner(topology: Topology, contexts: ModelContexts): Topology {
  const { planner } = topology.agents
  const { contextChars, maxTokens } = planner.options
  if (!planner.variant.startsWith('llm-') || contextChars !== undefined || maxTokens !== undefined) return topology
  const usual = LlmPlannerOptions.parse(planner.options)
  const contextTokens = usual.contextTokens ?? contexts.get('planner') ?? null
  const fixed = fixedTokens()
  const shown = (chars: number) => estimateTokens(' '.repeat(chars))
  if (contextTokens === null || fixed + shown(usual.contextChars) + usual.maxTokens <= contextTokens) return topology
  const reply = Math.min(usual.maxTokens, Math.floor(contextTokens * replyShare))
  const charsPerToken = usual.contextChars / shown(usual.contextChars)
  const chars = Math.min(usual.contextChars, Math.floor((contextTokens - fixed - reply - 1) * charsPerToken))
  if (chars < leastContextChars) return topology
  const options = { ...planner.options, contextChars: chars, maxTokens: reply }
  return { ...topology, agents: { ...topology.agents, planner: { ...planner, options } } }
}

/** @throws UsageError when the planner's longest prompt and its reply do not fit into its model's context */
function checkPlannerFits({ contextChars, maxTokens }: LlmPlannerOptions, planner: ModelContext): void {
  if (planner.contextTokens === null) return
  const needed = fixedTokens() + estimateTokens(' '.repeat(contextChars)) + maxTokens
  if (needed <= planner.contextTokens) return
  const fix = `Lower agents.planner.options.contextChars (${contextChars}) or maxTokens (${maxTokens}), or name a model with a larger context.`
  throw tooSmall(planner, 'The prompt of the planner', needed, fix)
}

/**
 * Checks the prompts of a run against the models of a topology whose options hold. The teacher's are not known before it: those of
 * its control are, and the planner's others are about as long.
 * @throws UsageError
 */
export function checkFits(task: Task, { agents: { planner, generator } }: Topology, contexts: ModelContexts): void {
  const contextOf = (
    role: PayingRole,
    { model, contextTokens }: { model: string; contextTokens?: number | undefined },
  ): ModelContext => ({ model, contextTokens: contextTokens ?? contexts.get(role) ?? null })
  if (planner.variant.startsWith('llm-')) {
    const options = LlmPlannerOptions.parse(planner.options)
    checkPlannerFits(options, contextOf('planner', options))
  }
  if (generator.variant !== 'llm') return
  const control = uniformPromptProgram(task, task.skills.length, { verification: 'none', judge: null })
  checkProgramFits(control, task, contextOf('generator', LlmGeneratorOptions.parse(generator.options)))
}

/** About how many tokens the longest prompt of a source and its reply have together; both have to fit into the model's context. */
function tokensNeeded(source: PromptSource, { instruction, seeds }: Pick<PublicTask, 'instruction' | 'seeds'>): number {
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
