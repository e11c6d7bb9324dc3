import type { ObjectRef } from '../../../schemas/ids.ts'
import { type Round, shardKey } from '../../../schemas/messages/generation.ts'
import { checkCallsOf, majorityOf, type Program, type Vote } from '../../../schemas/program.ts'
import { Row } from '../../../schemas/row.ts'
import { spentTogether } from '../../../schemas/spent.ts'
import { userTurn } from '../../../schemas/task.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { memo } from '../../kit/cache.ts'
import { createDuplicateIndex, type DuplicateIndex } from '../../kit/dedup/duplicate-index.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { MeteredCall } from '../../kit/metered/call.ts'
import { meteredOptions, openMeteredWork } from '../../kit/metered/work.ts'
import type { CheckedRow } from '../admission.ts'
import { type Checker, openRoundContexts, type RoundContext, storeShard } from '../checker.ts'
import { StoredShard } from '../round-record.ts'
import {
  type BatchPayload,
  type CheckDeps,
  checkAnswer,
  checkContamination,
  checkContract,
  checkedBy,
  checkStudentLength,
  inTurn,
  type RowFinding,
  sideBySide,
  taken,
} from '../row-checks.ts'
import { defaultRubric, type JudgeDeps, judgeRow } from './judge.ts'
import { callNameOf, createJudgeProbation } from './judge-score.ts'
import { JudgeOptions } from './options.ts'

/** The variant `rules-and-judge`: each batch whose program asks for a model is one piece of metered work. */
export async function openRulesAndJudge(context: AgentContext): Promise<Checker> {
  const { bus } = context
  const options = meteredOptions(context, JudgeOptions)
  const roundContextOf = openRoundContexts(context)
  const probation = createJudgeProbation(options)
  const buckets = { role: 'critic', records: 'checks', journal: 'check-journal' } as const
  const spentOn = async (checked: ObjectRef) => (await bus.objects.getJson(checked, StoredShard)).spent
  const metered = await openMeteredWork(context, buckets, options, spentOn)
  const admittedIn = memo(
    async ({ ref, jaccard }: { ref: ObjectRef | null; jaccard: number }) => {
      const index = createDuplicateIndex({ jaccard })
      for await (const { id, input } of ref ? bus.objects.lines(ref, Row) : []) index.add(id, input)
      return index
    },
    ({ ref, jaccard }) => `${ref?.sha256} ${jaccard}`,
    2,
  )

  async function meteredChecks(
    { source }: BatchPayload,
    round: Round,
    roundContext: RoundContext,
    call: MeteredCall,
  ): Promise<MeteredChecks> {
    const { program, task } = roundContext
    const jaccard = program.filters.nearDuplicateJaccard
    return {
      call,
      rubric: program.rubric ?? task.rubric ?? defaultRubric,
      admitted: await admittedIn({ ref: round.admitted, jaccard }),
      maxTokens: longestReply(program, source) ?? options.solutionTokens,
      limits: options,
      probation,
      ...answersOf(roundContext),
    }
  }

  return async (batch, { round, runId, signal }) => {
    const { shard, checkCalls = 0 } = batch
    const roundContext = await roundContextOf(round)
    if (checkCallsOf(roundContext.program) === 0) {
      const free = await checkAndJudge(batch, { ...roundContext, metered: null }, signal)
      return { checked: await storeShard(bus, runId, free), spent: batch.spent }
    }
    const { stored, value } = await metered({
      key: shardKey(runId, round, shard),
      runId,
      maxCalls: checkCalls,
      signal,
      async make(call, spent) {
        const deps = { ...roundContext, metered: await meteredChecks(batch, round, roundContext, call) }
        const judged = await checkAndJudge(batch, deps, signal)
        const value = spent()
        return { stored: await storeShard(bus, runId, { ...judged, spent: value }), value }
      },
    })
    return { checked: stored, spent: spentTogether([batch.spent, value]) }
  }
}

function longestReply({ sources }: Program, id: string): number | null {
  const source = sources.find((each) => each.id === id)
  return source?.kind === 'prompt' ? source.sampling.maxTokens : null
}

/** How rows and solutions are compared by the task's scorer. A reply that it cannot read has no answer and agrees with none. */
function answersOf({ task, score }: RoundContext): Pick<MeteredChecks, 'answerOf' | 'agrees'> {
  const questionOf = ({ id, skill, instruction, input }: Row) =>
    ({ id, part: 'in-template', skill, instruction, input }) as const
  // Only what the reply ends in is wanted, so any answer that the scorer can read will do.
  const anyAnswer = task.validation[0]?.answer ?? '0'
  return {
    answerOf: async (row) => (await score(row.output, anyAnswer, questionOf(row)).catch(() => null))?.extracted ?? null,
    agrees: async (solution, answer, row) =>
      (await score(solution, answer, questionOf(row)).catch(() => null))?.lenient ?? false,
  }
}

/** What a model is asked with; null where the program asks for no model, and then none is. */
export type MeteredChecks = VoteDeps &
  JudgeDeps & {
    /** The rows admitted before this round. */
    admitted: DuplicateIndex
  }

type JudgedDeps = CheckDeps & { metered: MeteredChecks | null }

const JudgeGraph = Annotation.Root({
  batch: Annotation<BatchPayload>,
  deps: Annotation<JudgedDeps>,
  rows: Annotation<CheckedRow[]>,
})

/**
 * Nothing is paid for a row that the ordered pass would refuse anyway. A row is compared with what was admitted before the round and
 * with the rows before it in its own batch: neither depends on when other shards arrive.
 */
function repeats({ rows, deps: { metered, program } }: typeof JudgeGraph.State): { rows: CheckedRow[] } {
  if (!metered) return { rows }
  const batch = createDuplicateIndex({ jaccard: program.filters.nearDuplicateJaccard })
  return {
    rows: rows.map((each) => {
      if (each.rejected) return each
      const { id, input } = each.row
      const known = metered.admitted.find(input)
      if (known) return { ...each, rejected: known.kind === 'exact' ? 'exact-duplicate' : 'near-duplicate' }
      if (batch.find(input)?.kind === 'exact') return { ...each, rejected: 'exact-duplicate' }
      batch.add(id, input)
      return each
    }),
  }
}

/** A numeric core is proof: only rows of a teacher are voted about and judged. */
const isWritten = ({ origin }: CheckedRow['row']) => origin.core === undefined

const graph = new StateGraph(JudgeGraph)
  .addNode('take', ({ batch }) => ({ rows: taken(batch) }))
  .addNode('contract', inTurn(checkContract))
  .addNode('student-length', inTurn(checkStudentLength))
  .addNode('repeats', repeats)
  .addNode('contamination', inTurn(checkContamination))
  .addNode('verify', inTurn(checkAnswer))
  .addNode(
    'vote',
    sideBySide<JudgedDeps>((row, { program: { verification }, metered }) =>
      metered && typeof verification === 'object' && isWritten(row) ? voteAbout(row, verification, metered) : {},
    ),
  )
  .addNode(
    'judge',
    sideBySide<JudgedDeps>((row, { program: { judge }, metered }) =>
      metered && judge && isWritten(row) ? judgeRow(row, judge, metered) : {},
    ),
  )
  .addEdge(START, 'take')
  .addEdge('take', 'contract')
  .addEdge('contract', 'student-length')
  .addEdge('student-length', 'repeats')
  .addEdge('repeats', 'contamination')
  .addEdge('contamination', 'verify')
  .addEdge('verify', 'vote')
  .addEdge('vote', 'judge')
  .addEdge('judge', END)
  .compile()

/** The row-local checks of one batch, the free ones first: a model is asked only about rows that all rules let through. */
export const checkAndJudge = checkedBy<JudgedDeps>(graph)

type VoteDeps = {
  call: MeteredCall
  /** The answer that a row ends in, by the task's scorer; null where it finds none. */
  answerOf: (row: Row) => Promise<string | null>
  /** Whether a solution of the row's question arrives at an answer, leniently. */
  agrees: (solution: string, answer: string, row: Row) => Promise<boolean>
  /** Longest solution in tokens. */
  maxTokens: number
}

/**
 * The teacher solves the row's question again without its answer. More than half of `k` solutions must agree with the row. As many
 * as make a majority are asked for first, the others only where they can still decide. A solution that is not whole agrees
 * with nothing. Where calls fail and what they would have said decides, the row is unchecked.
 */
async function voteAbout(row: Row, { k, temperature }: Vote, deps: VoteDeps): Promise<RowFinding> {
  const answer = await deps.answerOf(row)
  if (answer === null) return { rejected: 'not-verified' }
  const messages = [{ role: 'user' as const, content: userTurn(row) }]
  let why: string | undefined
  const ask = async (turn: number): Promise<boolean | null> => {
    const request = { messages, sampling: { temperature, maxTokens: deps.maxTokens, seed: turn } }
    const solution = await deps.call(callNameOf(row, 'vote', turn), request, 'vote')
    if (!('reply' in solution)) {
      why ??= `a vote: ${solution.failure.reason}`
      return null
    }
    return whyIncomplete(solution.reply) === null && deps.agrees(solution.reply.text, answer, row)
  }
  const majority = majorityOf({ k })
  const askFor = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, offset) => ask(from + offset)))
  const count = (votes: readonly (boolean | null)[], of: boolean) => votes.filter((vote) => vote === of).length
  const isLost = (votes: readonly (boolean | null)[]) => count(votes, false) > k - majority

  let votes = await askFor(0, majority)
  if (count(votes, true) < majority && !isLost(votes)) votes = [...votes, ...(await askFor(majority, k))]
  const agreed = count(votes, true)
  if (agreed < majority) return isLost(votes) ? { rejected: 'not-verified' } : { rejected: 'unchecked', why }
  const { teacher } = row.origin
  if (!teacher) return {}
  const checks = [...teacher.checks, `vote ${agreed}/${votes.length} of ${k}`]
  return { row: { ...row, origin: { ...row.origin, teacher: { ...teacher, checks } } } }
}
