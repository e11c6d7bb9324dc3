import { attemptNumber } from '../../../schemas/arm.ts'
import { moneyOf } from '../../../schemas/spent.ts'
import { lastVerdicts } from '../analyse/datasets.ts'
import { spentOnAllModels, spentOnDecisions, spentOnRows } from '../analyse/usage.ts'
import { collect, type LogEntry, type RunFacts } from '../mod.ts'
import { outcomeOf } from '../run-set/outcome.ts'
import { type AgentUsed, agentsUsed, type RowShown, type Yields, yieldsOf } from './made.ts'
import type { ComparedRun } from './plan.ts'

/** What one run used. Counted from its log, each thing once whatever crashed. */
export type Use = {
  /** HTTP requests to teachers: generators' and critics'. */
  teacherCalls: number
  /** Candidate rows asked for, of teachers or of procedures. */
  candidates: number
  /** Fewest and most rows of the datasets that were trained on. */
  rows: { fewest: number; most: number }
  /** One on a part of the rows counts as its share. */
  trainings: number
  /** Student models whose score on validation the run received. */
  validationScores: number
  plannerCalls: number
  /** Tokens to and from the planner's own model. */
  plannerTokens: number
  /** US dollars of all models; null where a price is not known. */
  money: number | null
}

/** One run with what became of it and what it used. */
export type ComparedResult = ComparedRun & {
  status: string
  part: string
  mode: 'strict' | 'lenient'
  /** Share right of the chosen dataset's adapters on the test, their training seeds averaged; null for a run without a result. */
  score: number | null
  base: number | null
  /** Its lenient share minus the base's, where strict scoring counts. */
  lenientGain?: number
  /** Draws that the score is from, and which final evaluation on the test it was, counted from 1; left out for a run without a result. */
  groups?: number
  finalEvalNumber?: number
  /** Most of its adapters' replies are no answers. */
  isSilent?: boolean
  /** Its share right of what its adapters did answer, 1 where that is hardly anything; left out where they answered all. */
  favoured?: number
  /** The best that answering without knowing anything scores, and whether the run's own items show its score above; not in old runs. */
  trivial?: { share: number; isBelow: boolean }
  use: Use
  agents?: AgentUsed[]
  yields?: Yields
  /** The attempt whose dataset was chosen; null where none was. */
  chosen?: number | null
  /** Some rows of that dataset; only of the pair whose rows are shown side by side. */
  rows?: RowShown[]
}

export function resultOf(run: ComparedRun, entries: readonly LogEntry[]): ComparedResult {
  const { status, part, mode, scores, answered, trivial, lenient, groups, finalEvalNumber, silent } = outcomeOf(
    run,
    entries,
  )
  const facts = collect(entries)
  const { final = null, base = null } = scores as { final?: number; base?: number }
  return {
    ...run,
    ...{ status, part, mode, score: final, base },
    ...(final !== null && { groups, finalEvalNumber, isSilent: silent.includes('final') }),
    ...(mode === 'strict' && lenient.base !== undefined && { lenientGain: lenient.base }),
    ...(answered !== null && { favoured: answered }),
    ...(trivial && { trivial: { share: trivial.share, isBelow: (trivial.gain.interval?.low ?? 0) > 0 } }),
    use: useOf(facts),
    agents: agentsUsed(facts),
    yields: yieldsOf(facts),
    chosen: facts.finished.at(-1)?.payload.chosenAttempt ?? null,
  }
}

/** What a training counts: one on a part of the run's rows as its share. */
function shareOf({ decisions }: RunFacts, studentModel: string): number {
  const attempt = attemptNumber(studentModel)
  const decision = decisions.find(({ payload }) => attempt !== null && payload.attempt === attempt)
  return decision?.payload.place?.share ?? 1
}

function useOf(facts: RunFacts): Use {
  const [rows, plans] = [spentOnRows(facts), spentOnDecisions(facts)]
  const trained = new Set(facts.jobs.flatMap(({ payload }) => (payload.training ? payload.studentModel : [])))
  const sizes = [...lastVerdicts(facts).values()]
    .filter(({ attempt }) => trained.has(`attempt-${attempt}`) && shareOf(facts, `attempt-${attempt}`) === 1)
    .map((conclusion) => conclusion.rows)
  return {
    teacherCalls: rows.calls,
    candidates: facts.shards.reduce((sum, { payload }) => sum + payload.count, 0),
    rows: { fewest: sizes.length > 0 ? Math.min(...sizes) : 0, most: Math.max(0, ...sizes) },
    trainings: [...trained].reduce((sum, name) => sum + shareOf(facts, name), 0),
    validationScores: new Set(facts.reports.map(({ payload }) => payload.studentModel.name)).size,
    plannerCalls: plans.calls,
    plannerTokens: plans.inputTokens + plans.outputTokens,
    money: moneyOf(spentOnAllModels(facts), facts.config?.prices ?? {}),
  }
}
