import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Batch, Shard, TrialOutcome } from '../../../schemas/messages/generation.ts'
import type { Program, PromptSource } from '../../../schemas/program.ts'
import type { FailureKind, Row } from '../../../schemas/row.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { truncate } from '../../../schemas/text.ts'
import type { AnswerForm } from '../../../tasks/answer-form.ts'
import { composePrompts, type Prompt } from '../../kit/compose-prompts.ts'
import { formatFault } from '../../kit/format-contract.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { Journalled, MeteredCall, Failure as MeteredFailure } from '../../kit/metered/call.ts'
import type { WrittenRow } from '../../kit/sandbox/hooks.ts'
import type { Reply } from '../../kit/teacher/completion.ts'
import { shown } from '../../kit/teacher/quoted.ts'
import type { RevisionLimits } from './options.ts'
import { type RunHooks, readReply } from './read-reply.ts'

export type LlmDeps = {
  call: MeteredCall
  program: Program
  task: Pick<PublicTask, 'instruction' | 'seeds' | 'rows'>
  /** Runs the hooks of the source; null where it has none. */
  hooks: RunHooks | null
  limits: RevisionLimits
  /** The form of the task's answers; left out where it is not known. */
  form?: Pick<AnswerForm, 'fits'>
  /** Of a shard that is a trial: called with its first usable reply. */
  tried?: (outcome: TrialOutcome) => Promise<void>
  /** Called with fields of a reply's object that no row takes. */
  unused?: (fields: readonly string[]) => void
}

type Failure = { reason: string; kind: FailureKind }
type Job = Prompt & {
  revisions: number
  answered: Journalled | null
  /** The first reply, and what was wrong with the last. */
  lastReply: string
  fault: Failure | null
  rows: Row[]
  failure: Failure | null
}

const LlmGraph = Annotation.Root({
  shard: Annotation<PayloadOf<typeof Shard>>,
  source: Annotation<PromptSource>,
  deps: Annotation<LlmDeps>,
  jobs: Annotation<Job[]>,
  /** Calls made for indexes whose replies could not be used, while the shard is a trial; null once one could, or where it is none. */
  inVain: Annotation<number | null>,
})
type State = typeof LlmGraph.State

const isOpen = ({ rows, failure }: Job) => rows.length === 0 && failure === null

function compose({ shard, source, deps }: State): Partial<State> {
  const prompts = composePrompts(shard, source, deps.task)
  const begun = { revisions: 0, answered: null, lastReply: '', fault: null, rows: [], failure: null }
  return { jobs: prompts.map((prompt) => ({ ...prompt, ...begun })), inVain: shard.trial === undefined ? null : 0 }
}

/** Asks for what is open, side by side, and reads each reply as it comes; a call that fails costs its own index only. */
async function ask({ jobs, shard, source, deps, inVain }: State): Promise<Partial<State>> {
  const asked = inVain === null ? jobs.filter(isOpen) : trialJobs(jobs, shard.trial!, inVain, deps.limits)
  let usable = inVain === null
  const done = await Promise.all(
    jobs.map(async (job) => {
      if (!asked.includes(job)) return job
      const made = await read(await call(job, source, deps), source, deps)
      if (!usable && (await isUsable(made, deps))) {
        usable = true
        await deps.tried?.({ usable: true })
      }
      return made
    }),
  )
  if (usable) return { jobs: done, inVain: null }
  const calls = inVain! + asked.length
  return trialJobs(done, shard.trial!, calls, deps.limits).length > 0
    ? { jobs: done, inVain: calls }
    : { jobs: await Promise.all(done.map((job) => given(job))), inVain: calls }
}

/** The jobs that a trial asks next, with `calls` of it made in vain: few enough that each of them may be revised. */
const trialJobs = (jobs: readonly Job[], allowed: number, calls: number, { maxRevisions }: RevisionLimits): Job[] =>
  jobs
    .slice(0, Math.max(1, Math.ceil(allowed / (1 + maxRevisions))))
    .filter(isOpen)
    .slice(0, Math.max(0, allowed - calls))

/** Whether a row was made of a reply, and the task's scorer reads an answer in it. */
const isUsable = async ({ rows }: Job, { form }: LlmDeps): Promise<boolean> =>
  rows.length > 0 && (!form || (await form.fits(rows[0]!.output)))

/** A job of a trial without a usable reply: a row that was made all the same has no answer that the scorer reads. */
function given(job: Job): Job {
  if (job.failure) return job
  if (job.rows.length > 0) {
    const reason = 'not usable: the scorer of the task reads no answer in its output'
    return { ...job, rows: [], lastReply: job.rows[0]!.output, failure: { kind: 'unusable', reason } }
  }
  const failure = job.fault ?? { kind: 'unasked', reason: 'not asked: no reply of the trial could be used' }
  return { ...job, failure }
}

async function call(job: Job, source: PromptSource, deps: LlmDeps): Promise<Job> {
  const request = { messages: job.messages, sampling: source.sampling }
  const answer = await deps.call(`${job.index}-${job.sample}`, request, job.revisions > 0 ? 'revise' : 'generate')
  if ('failure' in answer) return { ...job, failure: failureOf(answer.failure) }
  const lastReply = job.lastReply || answer.reply.text || (answer.reply.thoughts ?? '')
  if (!answer.reply.refused) return { ...job, answered: answer, lastReply }
  return { ...job, lastReply, failure: { kind: 'refused', reason: refusedText(answer.reply) } }
}

const refusedText = ({ refusal }: Pick<Reply, 'refusal'>) =>
  `the teacher would not answer${refusal ? `: ${refusal}` : ''}`

function failureOf({ why, reason, lasting }: MeteredFailure): Failure {
  const kind = why === 'failed' ? (lasting ? 'refused' : 'teacher') : why
  return { kind, reason: `${kind === 'refused' ? kind : why}: ${reason}` }
}

/** Parse and self-check: rows, the first of them within the contract, or a new question that names what was wrong. */
async function read(job: Job, source: PromptSource, deps: LlmDeps): Promise<Job> {
  const { maxInputChars, maxOutputChars } = deps.program.contract
  if (!isOpen(job) || !job.answered) return job
  const parses = source.hooks?.parse !== undefined
  const found = await readReply(job.answered.reply, { parses, run: deps.hooks }, job.context)
  if ('failure' in found) return { ...job, failure: { kind: found.kind, reason: found.failure } }
  if ('fault' in found) return revise(job, deps.limits, found.fault, found.kind)
  if (found.unused.length > 0) deps.unused?.(found.unused)
  const rows = found.rows.map((row, at) => toRow(row, at, job, source))
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
  const failure = { kind, reason: `not usable: ${fault}` }
  if (job.revisions >= maxRevisions) return { ...job, failure }
  const lastReply = truncate(job.answered?.reply.text ?? '', shownChars)
  const again = {
    role: 'user' as const,
    content: `Your reply cannot be used: ${fault}. Reply again, in the form asked for.`,
  }
  // Turns alternate also after a reply without a text.
  const lastTurn = { role: 'assistant' as const, content: lastReply.trim() === '' ? '(nothing)' : lastReply }
  const messages = [job.messages[0]!, lastTurn, again]
  return { ...job, revisions: job.revisions + 1, messages, answered: null, fault: failure }
}

const graph = new StateGraph(LlmGraph)
  .addNode('compose', compose)
  .addNode('ask', ask)
  .addEdge(START, 'compose')
  .addEdge('compose', 'ask')
  .addConditionalEdges('ask', ({ jobs }) => (jobs.some(isOpen) ? 'ask' : END), ['ask', END])
  .compile()

type Made = Pick<PayloadOf<typeof Batch>, 'asked' | 'candidates' | 'failures' | 'trial'>

/** All candidates of one shard, one outcome an index. Equal shards and equal replies give equal candidates. */
export async function promptRows(
  shard: PayloadOf<typeof Shard>,
  source: PromptSource,
  deps: LlmDeps,
  signal: AbortSignal,
): Promise<Made> {
  if (shard.dry) return unasked(shard)
  const { jobs, inVain } = await graph.invoke({ shard, source, deps }, { signal })
  return {
    asked: shard.count,
    candidates: jobs.flatMap(({ rows }) => rows),
    failures: jobs.flatMap((job) =>
      job.failure === null ? [] : [{ index: job.index, ...failedWith(job, job.failure) }],
    ),
    ...(shard.trial !== undefined && { trial: inVain === null ? { usable: true as const } : outcomeOf(jobs, inVain) }),
  }
}

/** A shard whose source is dry: its teacher is not asked. */
function unasked({ from, count }: PayloadOf<typeof Shard>): Made {
  const reason = 'not asked: no reply of the trial could be used'
  const failures = Array.from({ length: count }, (_, at) => ({ index: from + at, kind: 'unasked' as const, reason }))
  return { asked: count, candidates: [], failures }
}

/** Characters of a reply that is quoted. */
const quotedChars = 160

/** What a trial without a usable reply says: why its first index failed, with the beginning of the reply. */
function outcomeOf(jobs: readonly Job[], calls: number): TrialOutcome {
  const first =
    jobs.find(({ failure }) => failure !== null && !['budget', 'unasked'].includes(failure.kind)) ?? jobs[0]!
  return { usable: false, calls, why: `${first.failure?.reason ?? 'no reply'}${beganWith(first)}`.toWellFormed() }
}

function beganWith(job: Pick<Job, 'lastReply'>): string {
  const lastReply = shown(job.lastReply, quotedChars)
  return lastReply === '' ? '' : `; a reply began: "${lastReply}"`
}

/** A failure as its shard reports it: what may end the program quotes the reply. */
const failedWith = (job: Job, { kind, reason }: Failure): Failure => ({
  kind,
  reason: kind === 'truncated' ? `${reason}${beganWith(job)}` : reason,
})
