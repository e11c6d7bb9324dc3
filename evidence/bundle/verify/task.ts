import { takenCores } from '../../../agents/evaluator/final-eval.ts'
import { trivialScores, worthTelling } from '../../../agents/evaluator/scorer/trivial.ts'
import { referenceRows } from '../../../agents/kit/dedup/evaluation-items.ts'
import { hashOf } from '../../../schemas/hash.ts'
import { Row } from '../../../schemas/row.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { EvalSetItem, EvalSetName } from '../../../schemas/sealed-results.ts'
import type { Item, Task } from '../../../schemas/task.ts'
import { asDrawn } from '../../../tasks/draws.ts'
import { publicView } from '../../../tasks/load.ts'
import { procedureOf } from '../../../tasks/procedures.ts'
import { retentionOf } from '../../../tasks/read-retention.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import type { RunFacts } from '../../report/mod.ts'
import { hashOfRows } from '../read.ts'
import { type BundleEvidence, type Check, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** The task: the public part against the run's hash of it, and all of it where its folder is given. */
export const taskCheck: Check = {
  name: 'task',
  what: "the task's hash and the order of its items",
  async run(evidence, ledger) {
    const { config, task, facts, wholeTask } = evidence
    if (!task) return ledger.leave('the task is not in the bundle')
    const finalEval = facts.finalEval[0]
    ledger.same('task: sha256', task.sha256, config.taskHash)
    if (config.setting === 'scratch') ledger.same('task: its seeds, of which scratch has none', task.seeds.length, 0)
    ledger.same('task: scorer.primary', task.scorer.primary, config.primary)
    if (finalEval) ledger.same('task: splits.test.count', task.splits.test.count, itemsOn(finalEval, 'test').length)
    if (finalEval && task.splits.audit)
      ledger.same('task: splits.audit.count', task.splits.audit.count, itemsOn(finalEval, 'audit').length)
    if (!wholeTask) {
      if (finalEval)
        ledger.leave(
          'the test hash, the order of its items in the task, and what needs no student on it: give its folder with --task',
        )
      return
    }
    const seen = config.setting === 'seed' ? wholeTask : { ...wholeTask, seeds: [] }
    ledger.same('task: its folder', config.taskHash, wholeTask.sha256)
    ledger.same('task: its public part', hashOf(task), hashOf(publicView(seen)))
    if (config.evidence.references.length > 0) compareReferences(config.evidence, wholeTask, ledger)
    if (finalEval) await compareEvalSets(evidence, finalEval, ledger)
  },
}

type LoggedFinalEval = RunFacts['finalEval'][number]

/** An evaluation set's items, as all were asked them. */
const itemsOn = ({ payload }: LoggedFinalEval, name: EvalSetName) =>
  payload.results.find(({ evalSet }) => evalSet === name)?.items ?? []

/** The evaluation sets against those of the task's folder; an audit that was drawn is drawn again. */
async function compareEvalSets(evidence: BundleEvidence, finalEval: LoggedFinalEval, ledger: Ledger): Promise<void> {
  const task = evidence.wholeTask!
  const place = (field: string) => messagePlace('final-eval-results', finalEval, field)
  ledger.same(place('testHash'), finalEval.payload.testHash, hashOf(task.test))
  const scorers: Partial<Record<EvalSetName, Task['scorer']>> = { test: task.scorer, audit: task.scorer }
  const evalSets: [EvalSetName, readonly Item[]][] = [['test', task.test]]
  const audit = task.audit.length > 0 ? task.audit : await drawnAudit(evidence, finalEval, task)
  evalSets.push(['audit', audit])
  if (finalEval.payload.retention) {
    const set = await retentionOf(task)
    const { sha256, mode } = finalEval.payload.retention
    ledger.same(place('retention.sha256'), sha256, set.sha256)
    ledger.same(place('retention.mode'), mode, set.scorer.primary)
    evalSets.push(['retention', set.items])
    scorers.retention = set.scorer
  }
  const { trivial } = finalEval.payload
  for (const [evalSet, items] of evalSets) {
    const evaluated = itemsOn(finalEval, evalSet)
    for (const [index, item] of asDrawn(items).entries())
      ledger.same(place(`evalSets.${evalSet}[${index}]`), evaluated[index] && shapeOf(evaluated[index]), shapeOf(item))
    if (evaluated.length === 0) continue
    const recorded = trivial.filter((score) => score.evalSet === evalSet).map(({ evalSet: _, ...score }) => score)
    const known = evalSet === 'retention' ? [] : task.validation
    const scores = await trivialScores(items, openTaskScorer(scorers[evalSet]!), known)
    // The replies to a sealed set are in no bundle: what follows from a student model's own is taken as recorded.
    const replied = recorded.filter(({ studentModel }) => studentModel !== undefined)
    ledger.same(place(`trivial on the ${evalSet}`), recorded, worthTelling(items, [...scores, ...replied]))
  }
}

/** The audit as it was drawn from its seed, as many items of each part as were asked; none where the task has no procedure. */
async function drawnAudit(
  { bundle, facts }: BundleEvidence,
  finalEval: LoggedFinalEval,
  task: Task,
): Promise<readonly Item[]> {
  const evaluated = itemsOn(finalEval, 'audit')
  const datasets = facts.finalEvalRequests[0]?.payload.datasets ?? []
  const taken = await takenCores(task, datasets, (dataset) => bundle.rowsOf(dataset, Row))
  const counts = Object.fromEntries(
    [...Map.groupBy(evaluated, ({ part }) => part)].map(([part, items]) => [part, items.length]),
  )
  const procedure = await procedureOf(task)
  return procedure?.drawAudit({ seed: finalEval.payload.auditSeed, counts, taken }) ?? []
}

/** The rows of each reference that a run had arms of, and how many of them were refused. */
function compareReferences({ references }: RunConfig['evidence'], task: Task, ledger: Ledger): void {
  const known = new Map(referenceRows(task).map(({ arm, ...reference }) => [arm, reference]))
  for (const { arm, rows, refused } of references) {
    const due = known.get(arm)
    ledger.same(`task: ${arm}`, rows.sha256, due && hashOfRows(due.rows))
    ledger.same(`task: ${arm}, rows refused`, refused, due?.refused)
  }
}

const shapeOf = ({ id, part, skill, group }: EvalSetItem) => ({ id, part, skill, group })
