import { majorityOf, type Vote } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import { userTurn } from '../../../schemas/task.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { createDuplicateIndex } from '../../kit/dedup/duplicate-index.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { Call } from '../../kit/metered/call.ts'
import type { CheckedRow, DuplicateIndex } from '../admission.ts'
import {
  type BatchPayload,
  type CheckDeps,
  checkAnswer,
  checkContamination,
  checkContract,
  checkedBy,
  checkStudentLength,
  type Finding,
  inTurn,
  sideBySide,
  taken,
} from '../row-checks.ts'
import { type JudgeDeps, judgeRow } from './judge.ts'
import { callNameOf } from './judge-score.ts'

/** What a model is asked with; null where the program asks for no model, and then none is. */
export type MeteredChecks = VoteDeps &
  JudgeDeps & {
    /** The rows admitted before this round. */
    admitted: DuplicateIndex
  }

export type JudgedDeps = CheckDeps & { metered: MeteredChecks | null }

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
  call: Call
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
async function voteAbout(row: Row, { k, temperature }: Vote, deps: VoteDeps): Promise<Finding> {
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
