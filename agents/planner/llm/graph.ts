import { z } from 'zod'
import { ProcedureSource, type Program, Program as ProgramSchema, PromptSource } from '../../../schemas/program.ts'
import { maxPhrasings } from '../../../schemas/task.ts'
import { truncate } from '../../../schemas/text.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { lastObject } from '../../../tasks/reply/objects.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { ChatMessage } from '../../kit/teacher/turns.ts'
import { PlannerBudgetExhausted, type Policy, ProgramFault, type Situation, unpaidDiagnosis } from '../policy.ts'
import { loosestFilters } from '../program/filter-bounds.ts'
import { type Chat, type ChatReply, NothingLeft, PromptForbidden } from './chat.ts'
import { describeSituation } from './context.ts'
import { type LlmMode, modes } from './modes.ts'
import type { LlmPlannerOptions } from './options.ts'
import { prompt, promptHashes } from './prompts.ts'
import { review } from './review.ts'

type Deps = { chat: Chat; options: LlmPlannerOptions }

const LlmPlannerGraph = Annotation.Root({
  situation: Annotation<Situation>,
  deps: Annotation<Deps>,
  turns: Annotation<ChatMessage[]>,
  diagnosis: Annotation<string>,
  reply: Annotation<ChatReply>,
  faults: Annotation<string[]>,
  corrections: Annotation<number>,
  program: Annotation<Program | null>,
})
type State = typeof LlmPlannerGraph.State

const sourceSchemas = { procedure: ProcedureSource, prompt: PromptSource }

/** The program's JSON Schema with the sources that the generator follows, and no others. */
function schemaFor({ sourceKinds }: Situation): Record<string, unknown> {
  const kinds = sourceKinds.map((kind) => sourceSchemas[kind])
  const sources = z.array(kinds.length === 1 ? kinds[0]! : z.union(kinds)).min(1)
  // What rows are judged by is the task's to say.
  const { rubric: _rubric, ...shape } = ProgramSchema.shape
  const { $schema: _, ...schema } = z.toJSONSchema(z.object({ ...shape, sources }), { io: 'input' })
  return schema
}

/** What is known, as text and within its budget of characters. */
function diagnose({ situation, deps }: State): Partial<State> {
  const { task, operation } = situation
  const system = prompt('system', {
    title: task.title,
    description: task.description,
    goal: task.goal,
    instruction: task.instruction,
    skills: task.skills.map(({ name, description }) => `- ${name}: ${description}`).join('\n'),
    examples: task.fewShot
      .slice(0, deps.options.shown.examples)
      .map(({ input, output }) => JSON.stringify({ input, output }))
      .join('\n'),
  })
  const context = describeSituation(situation, deps.options)
  const asked = prompt('plan', { operation, meaning: prompt(operation), context })
  return {
    turns: [
      { role: 'system', content: system },
      { role: 'user', content: asked },
    ],
  }
}

/** The plan; one that was cut off before its end is asked for once more, shorter. */
async function askPlan({
  turns,
  deps: { chat, options },
}: State): Promise<ChatReply & { planned: PlanReply | undefined }> {
  const read = (reply: ChatReply) => {
    const found = lastObject(reply.text, planForm, false)
    return { ...reply, planned: 'object' in found ? PlanReply.safeParse(found.object).data : undefined }
  }
  const first = read(await chat.ask('plan', turns))
  if (first.planned || whyIncomplete(first) === null) return first
  const shorter: ChatMessage[] = [
    { role: 'assistant', content: truncate(first.text, options.shown.reply) || '(nothing)' },
    { role: 'user', content: prompt('shorter', { tokens: String(options.maxTokens) }) },
  ]
  return read(await chat.ask('plan', [...turns, ...shorter]))
}

/** A plan that is no JSON is a plan all the same: its text is taken as it is, and where it was cut off twice that is said. */
async function plan(state: State): Promise<Partial<State>> {
  const { turns, situation, deps } = state
  const { planned, truncated, text } = await askPlan(state)
  const short = truncated ? `(Cut off at ${deps.options.maxTokens} tokens, agents.planner.options.maxTokens.) ` : ''
  const described = planned ? `${planned.diagnosis} Plan: ${planned.plan}` : `${short}${text.trim()}`
  const diagnosis = truncate(described.toWellFormed(), deps.options.kept.plan)
  const carryable = situation.history.filter(({ dataset, rows }) => dataset && rows > 0).map(({ attempt }) => attempt)
  const loosest = loosestFilters(situation.task)
  const asked = prompt('program', {
    rows: String(situation.rows),
    kindRules: kindRules(situation),
    carryable: carryable.join(', ') || 'none',
    cutoff: String(situation.task.recipe.cutoff_len),
    jaccard: String(loosest.nearDuplicateJaccard),
    contamination: String(loosest.contaminationShare),
    schema: JSON.stringify(schemaFor(situation)),
  })
  const answered: ChatMessage[] = [
    { role: 'assistant', content: truncate(text, deps.options.shown.reply) || '(no plan)' },
    { role: 'user', content: asked },
  ]
  return { diagnosis: diagnosis || 'The model gave no diagnosis.', turns: [...turns, ...answered] }
}
const planForm = { diagnosis: '', plan: '' }
const PlanReply = z.object({ diagnosis: z.string().min(1), plan: z.string().default('') })
type PlanReply = z.infer<typeof PlanReply>

async function write({ turns, situation, deps, corrections }: State): Promise<Partial<State>> {
  const stage = corrections > 0 ? 'correct' : 'program'
  return { reply: await deps.chat.ask(stage, turns, { name: 'program', schema: schemaFor(situation) }) }
}

async function selfReview({ reply, situation, diagnosis, turns, corrections, deps }: State): Promise<Partial<State>> {
  const reviewed = await review(reply, situation)
  if (reviewed.ok) {
    const notes = reviewed.notes.length > 0 ? ` (Set right: ${reviewed.notes.join('; ')}.)` : ''
    return { program: reviewed.program, faults: [], diagnosis: `${diagnosis}${notes}` }
  }
  const { shown } = deps.options
  const more = reviewed.faults.length - shown.faults
  const faults = [...reviewed.faults.slice(0, shown.faults), ...(more > 0 ? [`and ${more} more of the kind`] : [])]
  // Only the last try is shown again, so that corrections do not fill the context.
  const asked: ChatMessage[] = [
    { role: 'assistant', content: truncate(reply.text, shown.reply) || '(nothing)' },
    { role: 'user', content: prompt('correct', { faults: faults.map((fault) => `- ${fault}`).join('\n') }) },
  ]
  return { faults, corrections: corrections + 1, turns: [...turns.slice(0, 4), ...asked] }
}

const graph = new StateGraph(LlmPlannerGraph)
  .addNode('diagnose', diagnose)
  .addNode('make_plan', plan)
  .addNode('write_program', write)
  .addNode('self_review', selfReview)
  .addEdge(START, 'diagnose')
  .addEdge('diagnose', 'make_plan')
  .addEdge('make_plan', 'write_program')
  .addEdge('write_program', 'self_review')
  .addConditionalEdges(
    'self_review',
    ({ program, corrections, deps }) => (program || corrections > deps.options.maxCorrections ? END : 'write_program'),
    [END, 'write_program'],
  )
  .compile()

/** Steps of a decision at most: diagnosis and plan, then a program and its review as often as it may be corrected, and the end. */
const stepsOf = ({ maxCorrections }: LlmPlannerOptions): number => 2 + 2 * (1 + maxCorrections) + 1

/** Opens the calls of the decision that a situation asks for. */
export type OpenChat = (situation: Situation, signal: AbortSignal) => Promise<Chat>

/** The planner variants `llm-one-shot` and `llm-iterative`: a language model writes the programs. */
export function llmPolicy(mode: LlmMode, openChat: OpenChat, options: LlmPlannerOptions): Policy {
  return {
    ...modes[mode],
    async decide(situation, signal) {
      const chat = await openChat(situation, signal)
      const described = (diagnosis: string) => ({ diagnosis, model: options.model, promptHashes, spent: chat.spent() })
      const input = { situation, deps: { chat, options }, corrections: 0, program: null }
      const result = await graph.invoke(input, { signal, recursionLimit: stepsOf(options) }).catch((error: unknown) => {
        if (error instanceof PromptForbidden) {
          throw new ProgramFault(error.message, {
            ...described('The model was not let answer this prompt.'),
            wrote: '',
          })
        }
        if (!(error instanceof NothingLeft)) throw error
        throw new PlannerBudgetExhausted(error.message, { ...described(unpaidDiagnosis), wrote: '' })
      })
      if (result.program) return { ...described(result.diagnosis), program: result.program }
      const wrote = truncate(result.reply.text, options.kept.wrote)
      throw new ProgramFault(result.faults.join('\n'), { ...described(result.diagnosis), wrote })
    },
  }
}

/** What the model is given about the sources that the run's generator can follow, the seed pool, and the checks of its critic. */
function kindRules({
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
