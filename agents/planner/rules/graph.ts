import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { type CarryOver, Program } from '../../../schemas/program.ts'
import type { Policy, Situation } from '../policy.ts'
import { proceduralProgram } from '../programs.ts'
import { rowsBySkill } from '../rows-by-skill.ts'
import type { Attempt } from '../state.ts'
import { apportion } from './apportion.ts'
import { type Diagnosis, describe, diagnose } from './diagnose.ts'
import { type Intent, plan } from './plan.ts'
import { promptedProgram } from './prompted-program.ts'

const PlannerGraph = Annotation.Root({
  situation: Annotation<Situation>,
  diagnosis: Annotation<Diagnosis>,
  intent: Annotation<Intent>,
  program: Annotation<Program>,
  text: Annotation<string>,
})
type State = typeof PlannerGraph.State

/** Rows carried over count inside the number: a skill gets at most `share` of its rows from the earlier attempt. */
function carryOver(wanted: ReadonlyMap<string, number>, from: Attempt | null, share: number): CarryOver | null {
  if (!from || share === 0 || from.rows === 0) return null
  const have = rowsBySkill(from)
  const rows = [...wanted].map(
    ([skill, count]) => [skill, Math.min(Math.floor(count * share), have.get(skill) ?? 0)] as const,
  )
  return { attempt: from.attempt, rows: Object.fromEntries(rows) }
}

function write({ situation, intent }: State): Partial<State> {
  const wanted = apportion(intent.weights, situation.rows)
  const from = situation.operation === 'repair' ? (situation.history.at(-1) ?? null) : situation.best
  const carried = carryOver(wanted, from, intent.carryShare)
  const fresh = new Map([...wanted].map(([skill, rows]) => [skill, rows - (carried?.rows[skill] ?? 0)]))

  const mannerOf = (skill: string) => intent.manner.get(skill)!
  const { sourceKinds, task } = situation
  const program = sourceKinds.includes('procedure')
    ? proceduralProgram(fresh, mannerOf, carried)
    : promptedProgram(task, fresh, mannerOf, carried)
  return { program }
}

/** Self-review: the program must parse and its rows add up to the number wanted. */
function review({ situation, program }: State): Partial<State> {
  const checked = Program.parse(program)
  const carried = Object.values(checked.carryOver?.rows ?? {}).reduce((a, b) => a + b, 0)
  const fresh = checked.sources.reduce((sum, source) => sum + source.rows, 0)
  if (carried + fresh !== situation.rows) {
    throw new Error(`the program asks for ${carried + fresh} rows where ${situation.rows} are wanted`)
  }
  return { program: checked }
}

const graph = new StateGraph(PlannerGraph)
  .addNode('diagnose', ({ situation }) => ({ diagnosis: diagnose(situation) }))
  .addNode('plan', ({ situation, diagnosis }) => ({ intent: plan(situation, diagnosis) }))
  .addNode('write_program', write)
  .addNode('self_review', review)
  .addNode('commit', ({ situation, diagnosis }) => ({ text: describe(situation, diagnosis) }))
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
