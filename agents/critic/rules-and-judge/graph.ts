import { createDuplicateIndex } from '../../kit/dedup/duplicate-index.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { CheckedRow, DuplicateIndex } from '../admission.ts'
import {
  type BatchPayload,
  type CheckDeps,
  checkAnswer,
  checkContamination,
  checkContract,
  checkedBy,
  checkStudentLength,
  inTurn,
  sideBySide,
  taken,
} from '../row-checks.ts'
import { type JudgeDeps, judgeRow } from './judge.ts'
import { type VoteDeps, voteAbout } from './vote.ts'

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
