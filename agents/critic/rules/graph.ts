import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { CheckedRow } from '../admission.ts'
import {
  type BatchPayload,
  type CheckDeps,
  checkAnswer,
  checkContamination,
  checkContract,
  checkedBy,
  checkStudentLength,
  inTurn,
  taken,
} from '../row-checks.ts'

const CriticGraph = Annotation.Root({
  batch: Annotation<BatchPayload>,
  deps: Annotation<CheckDeps>,
  rows: Annotation<CheckedRow[]>,
})

const graph = new StateGraph(CriticGraph)
  .addNode('take', ({ batch }) => ({ rows: taken(batch) }))
  .addNode('contract', inTurn(checkContract))
  .addNode('student-length', inTurn(checkStudentLength))
  .addNode('contamination', inTurn(checkContamination))
  .addNode('verify', inTurn(checkAnswer))
  .addEdge(START, 'take')
  .addEdge('take', 'contract')
  .addEdge('contract', 'student-length')
  .addEdge('student-length', 'contamination')
  .addEdge('contamination', 'verify')
  .addEdge('verify', END)
  .compile()

/** The row-local checks of one batch: format contract, length, contamination, answer. Duplicates are the ordered pass's. */
export const checkBatch = checkedBy<CheckDeps>(graph)
