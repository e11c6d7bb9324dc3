import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Batch, Shard } from '../../../schemas/messages/generation.ts'
import type { Program, PromptSource } from '../../../schemas/program.ts'
import type { FailureKind, Row } from '../../../schemas/row.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { formatFault } from '../../critic/rules/format-contract.ts'
import { beginning } from '../../kit/beginning.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { Call, Journalled, Failure as PaidFailure } from '../../kit/paid/call.ts'
import type { WrittenRow } from '../../kit/sandbox/hooks.ts'
import type { Reply } from '../../kit/teacher/completion.ts'
import { composePrompts, type Prompt } from './compose.ts'
import type { RevisionLimits } from './options.ts'
import { type RunHooks, readReply } from './read-reply.ts'

export type LlmDeps = {
  call: Call
  program: Program
  task: Pick<PublicTask, 'instruction' | 'seeds' | 'rows'>
  /** Runs the hooks of the source; null where it has none. */
  hooks: RunHooks | null
  limits: RevisionLimits
}

type Failure = { reason: string; kind: FailureKind }
type Job = Prompt & { revisions: number; answered: Journalled | null; rows: Row[]; failure: Failure | null }

const LlmGraph = Annotation.Root({
  shard: Annotation<PayloadOf<typeof Shard>>,
  source: Annotation<PromptSource>,
  deps: Annotation<LlmDeps>,
  jobs: Annotation<Job[]>,
})
type State = typeof LlmGraph.State

const isOpen = ({ rows, failure }: Job) => rows.length === 0 && failure === null

function compose({ shard, source, deps }: State): Partial<State> {
  const prompts = composePrompts(shard, source, deps.task)
  return { jobs: prompts.map((prompt) => ({ ...prompt, revisions: 0, answered: null, rows: [], failure: null })) }
}

/** Asks for everything that is open, side by side; a call that fails costs its own index only. */
async function call({ jobs, source, deps }: State): Promise<Partial<State>> {
  const ask = async (job: Job): Promise<Job> => {
    if (!isOpen(job)) return job
    const request = { messages: job.messages, sampling: source.sampling }
    const answer = await deps.call(`${job.index}-${job.sample}`, request, job.revisions > 0 ? 'revise' : 'generate')
    if ('failure' in answer) return { ...job, failure: failureOf(answer.failure) }
    if (!answer.reply.refused) return { ...job, answered: answer }
    return { ...job, failure: { kind: 'refused', reason: refusedText(answer.reply) } }
  }
  return { jobs: await Promise.all(jobs.map(ask)) }
}

const refusedText = ({ refusal }: Pick<Reply, 'refusal'>) =>
  `the teacher would not answer${refusal ? `: ${refusal}` : ''}`

function failureOf({ why, reason, lasting }: PaidFailure): Failure {
  const kind = why === 'failed' ? (lasting ? 'refused' : 'teacher') : why
  return { kind, reason: `${kind === 'refused' ? kind : why}: ${reason}` }
}

/** Parse and self-check: rows, the first of them within the contract, or a new question that names what was wrong. */
async function check({ jobs, source, deps }: State): Promise<Partial<State>> {
  const { maxInputChars, maxOutputChars } = deps.program.contract
  const judge = async (job: Job): Promise<Job> => {
    if (!isOpen(job) || !job.answered) return job
    const parses = source.hooks?.parse !== undefined
    const read = await readReply(job.answered.reply, { parses, run: deps.hooks }, job.context)
    if ('failure' in read) return { ...job, failure: { kind: read.kind, reason: read.failure } }
    if ('fault' in read) return revise(job, deps.limits, read.fault, read.kind)
    const rows = read.rows.map((row, at) => toRow(row, at, job, source))
    switch (formatFault(rows[0]!, deps.program.contract, deps.task.rows.bidirectional ?? false)) {
      case 'too-long':
        return revise(
          job,
          deps.limits,
          `input may have ${maxInputChars} characters and output ${maxOutputChars}, and it had more`,
        )
      case 'format':
        return revise(
          job,
          deps.limits,
          'input and output must be plain text, without control characters, invisible tags and changes of direction',
        )
      case null:
        return { ...job, rows }
    }
  }
  return { jobs: await Promise.all(jobs.map(judge)) }
}

/** The row as a candidate. What `expand` made of it has sample numbers of its own, behind those of all prompts. */
function toRow(row: WrittenRow, at: number, { stem, sample, answered, context }: Job, source: PromptSource): Row {
  const { promptHash, reply } = answered!
  return {
    id: `${stem}.${sample + at * source.samplesPerPrompt}`,
    skill: source.skill,
    source: source.id,
    instruction: context.instruction,
    ...row,
    origin: {
      generator: 'llm',
      teacher: {
        model: reply.model,
        parameters: parametersOf(source, reply.withheld),
        promptHash,
        replyHash: sha256(reply.text),
        checks: at === 0 ? ['format'] : ['expanded'],
      },
    },
  }
}

/** The sampling settings that the teacher was asked with. */
const parametersOf = ({ sampling }: PromptSource, withheld: readonly string[] = []): Record<string, number> =>
  Object.fromEntries(
    Object.entries(sampling).filter(([name, value]) => value !== undefined && !withheld.includes(name)),
  )

function revise(
  job: Job,
  { maxRevisions, shownChars }: RevisionLimits,
  fault: string,
  kind: FailureKind = 'unusable',
): Job {
  if (job.revisions >= maxRevisions) return { ...job, failure: { kind, reason: `not usable: ${fault}` } }
  const said = beginning(job.answered?.reply.text ?? '', shownChars)
  const again = {
    role: 'user' as const,
    content: `Your reply cannot be used: ${fault}. Reply again, in the form asked for.`,
  }
  // Turns alternate also after a reply without a text.
  const shown = { role: 'assistant' as const, content: said.trim() === '' ? '(nothing)' : said }
  const messages = [job.messages[0]!, shown, again]
  return { ...job, revisions: job.revisions + 1, messages, answered: null }
}

const graph = new StateGraph(LlmGraph)
  .addNode('compose', compose)
  .addNode('call', call)
  .addNode('check', check)
  .addEdge(START, 'compose')
  .addEdge('compose', 'call')
  .addEdge('call', 'check')
  .addConditionalEdges('check', ({ jobs }) => (jobs.some(isOpen) ? 'call' : END), ['call', END])
  .compile()

/** All candidates of one shard, one outcome an index. Equal shards and equal replies give equal candidates. */
export async function promptRows(
  shard: PayloadOf<typeof Shard>,
  source: PromptSource,
  deps: LlmDeps,
  signal: AbortSignal,
): Promise<Pick<PayloadOf<typeof Batch>, 'asked' | 'candidates' | 'failures'>> {
  const { jobs } = await graph.invoke({ shard, source, deps }, { signal })
  return {
    asked: shard.count,
    candidates: jobs.flatMap(({ rows }) => rows),
    failures: jobs.flatMap(({ index, failure }) => (failure === null ? [] : [{ index, ...failure }])),
  }
}
