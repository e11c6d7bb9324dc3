import { Program } from '../../../schemas/program.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'
import type { Policy, Situation } from '../policy.ts'
import { type Diagnosis, describeDiagnosis, diagnose } from './diagnose.ts'
import { type Intent, plan } from './plan.ts'
import { writeProgram } from './write-program.ts'

const PlannerGraph = Annotation.Root({
  situation: Annotation<Situation>,
  diagnosis: Annotation<Diagnosis>,
  intent: Annotation<Intent>,
  program: Annotation<Program>,
  text: Annotation<string>,
})
type State = typeof PlannerGraph.State

/** Self-review: the program must parse and its rows add up to the number wanted. */
function review({ situation, program }: State): Partial<State> {
  const checked = Program.parse(program)
  const carried = Object.values(checked.carryOver?.rows ?? {}).reduce((a, b) => a + b, 0)
  const fresh = checked.sources.reduce((sum, source) => sum + source.rows, 0)
  if (carried + fresh !== situation.rows)
    throw new Error(`the program asks for ${carried + fresh} rows where ${situation.rows} are wanted`)
  return { program: checked }
}

const graph = new StateGraph(PlannerGraph)
  .addNode('diagnose', ({ situation }) => ({ diagnosis: diagnose(situation) }))
  .addNode('plan', ({ situation, diagnosis }) => ({ intent: plan(situation, diagnosis) }))
  .addNode('write_program', ({ situation, intent }) => ({ program: writeProgram(situation, intent) }))
  .addNode('self_review', review)
  .addNode('commit', ({ situation, diagnosis }) => ({ text: describeDiagnosis(situation, diagnosis) }))
  .addEdge(START, 'diagnose')
  .addEdge('diagnose', 'plan')
  .addEdge('plan', 'write_program')
  .addEdge('write_program', 'self_review')
  .addEdge('self_review', 'commit')
  .addEdge('commit', END)
  .compile()

/** The planner variant `rules`: no language model; from scores and bad cases by skill it moves mix, phrasings, ranges and difficulty. */
export const rulesPolicy: Policy = {
  async decide(situation, signal) {
    const result = await graph.invoke({ situation }, { signal })
    return { program: result.program, diagnosis: result.text, model: null }
  },
}
