import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Shard } from '../../../schemas/messages/generation.ts'
import type { Program, PromptSource } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import { userTurn } from '../../../schemas/task.ts'
import type { ReplyScorer } from '../../../tasks/score-with.ts'
import { formatFault } from '../../critic/rules/format-contract.ts'
import type { Call, Journalled } from '../../kit/paid/call.ts'
import { composePrompts, type Prompt } from './compose.ts'
import { parseRow } from './parse-row.ts'

export type LlmDeps = {
  call: Call
  program: Program
  instruction: string
  /** Scores a reply against an answer. */
  score: ReplyScorer
}

type Job = Prompt & { revisions: number; answered: Journalled | null; row: Row | null; failure: string | null }

const LlmGraph = Annotation.Root({
  shard: Annotation<PayloadOf<typeof Shard>>,
  source: Annotation<PromptSource>,
  deps: Annotation<LlmDeps>,
  jobs: Annotation<Job[]>,
})
type State = typeof LlmGraph.State

/** How often a reply that cannot be used is asked for anew. */
const maxRevisions = 2
const shownChars = 2000

const isOpen = ({ row, failure }: Job) => row === null && failure === null

function compose({ shard, source, deps }: State): Partial<State> {
  const prompts = composePrompts(shard, source, deps.instruction)
  return { jobs: prompts.map((prompt) => ({ ...prompt, revisions: 0, answered: null, row: null, failure: null })) }
}

/** Asks for everything that is open, side by side; a call that fails costs its own index only. */
async function call({ jobs, source, deps }: State): Promise<Partial<State>> {
  const ask = async (job: Job): Promise<Job> => {
    if (!isOpen(job)) return job
    const request = { messages: job.messages, sampling: source.sampling }
    const answer = await deps.call(`${job.index}-${job.sample}`, request, job.revisions > 0 ? 'revise' : 'generate')
    if ('failure' in answer) return { ...job, failure: `${answer.failure.why}: ${answer.failure.reason}` }
    return answer.reply.refused ? { ...job, failure: 'refused by the teacher' } : { ...job, answered: answer }
  }
  return { jobs: await Promise.all(jobs.map(ask)) }
}

/** Parse and self-check: a row within the contract, or a new question that names what was wrong. */
function check({ jobs, source, deps }: State): Partial<State> {
  const judge = (job: Job): Job => {
    if (!isOpen(job) || !job.answered) return job
    const { promptHash, reply } = job.answered
    const parsed = parseRow(reply)
    if ('fault' in parsed) return revise(job, parsed.fault)
    const row: Row = {
      id: job.id,
      skill: source.skill,
      source: source.id,
      instruction: deps.instruction,
      ...parsed.row,
      origin: {
        generator: 'llm',
        teacher: { model: reply.model, promptHash, replyHash: sha256(reply.text), checks: ['format'] },
      },
    }
    const fault = formatFault(row, deps.program.contract)
    const { maxInputChars, maxOutputChars } = deps.program.contract
    return fault
      ? revise(job, `input may have ${maxInputChars} characters and output ${maxOutputChars}, and it had more`)
      : { ...job, row }
  }
  return { jobs: jobs.map(judge) }
}

function revise(job: Job, fault: string): Job {
  if (job.revisions >= maxRevisions) return { ...job, failure: `not usable: ${fault}` }
  const said = job.answered?.reply.text.slice(0, shownChars) ?? ''
  const again = {
    role: 'user' as const,
    content: `Your reply cannot be used: ${fault}. Reply again, in the form asked for.`,
  }
  const shown = said.trim() === '' ? [] : [{ role: 'assistant' as const, content: said }]
  const messages = [job.messages[0]!, ...shown, again]
  return { ...job, revisions: job.revisions + 1, messages, answered: null }
}

/** The teacher solves each row again, without its answer; a row that most of the solutions contradict fails. */
async function vote({ jobs, source, deps }: State): Promise<Partial<State>> {
  const { verification } = deps.program
  if (typeof verification === 'string') return {}
  const { k } = verification
  const solve = async (job: Job): Promise<Job> => {
    const { row } = job
    if (!row) return job
    const answer = (await deps.score(row.output, '0')).extracted
    if (answer === null) return { ...job, row: null, failure: 'no answer to vote about' }
    const request = { messages: [{ role: 'user' as const, content: userTurn(row) }], sampling: source.sampling }
    const names = Array.from({ length: k }, (_, turn) => `${job.index}-${job.sample}-vote-${turn}`)
    const solutions = await Promise.all(names.map((name) => deps.call(name, request, 'vote')))
    const texts = solutions.flatMap((each) => ('reply' in each ? each.reply.text : []))
    const scores = await Promise.all(texts.map((text) => deps.score(text, answer)))
    const agreed = scores.filter(({ lenient }) => lenient).length
    if (agreed * 2 <= k) return { ...job, row: null, failure: `the vote: ${agreed} of ${k} solutions agree` }
    const teacher = row.origin.teacher!
    const checks = [...teacher.checks, `vote ${agreed}/${k}`]
    return { ...job, row: { ...row, origin: { ...row.origin, teacher: { ...teacher, checks } } } }
  }
  return { jobs: await Promise.all(jobs.map(solve)) }
}

const graph = new StateGraph(LlmGraph)
  .addNode('compose', compose)
  .addNode('call', call)
  .addNode('check', check)
  .addNode('vote', vote)
  .addEdge(START, 'compose')
  .addEdge('compose', 'call')
  .addEdge('call', 'check')
  .addConditionalEdges('check', ({ jobs }) => (jobs.some(isOpen) ? 'call' : 'vote'), ['call', 'vote'])
  .addEdge('vote', END)
  .compile()

/** All candidates of one shard, one outcome an index. Equal shards and equal replies give equal candidates. */
export async function promptRows(
  shard: PayloadOf<typeof Shard>,
  source: PromptSource,
  deps: LlmDeps,
  signal: AbortSignal,
): Promise<{ candidates: Row[]; failures: { index: number; reason: string }[] }> {
  const { jobs } = await graph.invoke({ shard, source, deps }, { signal })
  return {
    candidates: jobs.flatMap(({ row }) => row ?? []),
    failures: jobs.flatMap(({ index, failure }) => (failure === null ? [] : [{ index, reason: failure }])),
  }
}
