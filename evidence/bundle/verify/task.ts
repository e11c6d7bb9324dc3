import { trivialScores, worthTelling } from '../../../agents/evaluator/scorer/trivial.ts'
import { takenCores } from '../../../agents/evaluator/taken-cores.ts'
import { referenceRows } from '../../../agents/kit/dedup/reference-rows.ts'
import { hashOf } from '../../../schemas/hash.ts'
import { Row } from '../../../schemas/row.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { PaperItem, PaperName } from '../../../schemas/sealed-results.ts'
import type { Item, Task } from '../../../schemas/task.ts'
import { asDrawn } from '../../../tasks/draws.ts'
import { publicView } from '../../../tasks/load.ts'
import { procedureOf } from '../../../tasks/procedures.ts'
import { retentionOf } from '../../../tasks/read-retention.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import type { RunFacts } from '../../report/mod.ts'
import { hashOfRows } from '../read.ts'
import { type Check, type Evidence, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** The task: the public part against the run's hash of it, and all of it where its folder is given. */
export const task: Check = {
  name: 'task',
  what: "the task's hash and the order of its items",
  async run(evidence, ledger) {
    const { config, task, facts, wholeTask } = evidence
    if (!task) return ledger.leave('the task is not in the bundle')
    const opened = facts.opened[0]
    ledger.same('task: sha256', task.sha256, config.taskHash)
    if (config.setting === 'scratch') ledger.same('task: its seeds, of which scratch has none', task.seeds.length, 0)
    ledger.same('task: scorer.primary', task.scorer.primary, config.primary)
    if (opened) ledger.same('task: splits.test.count', task.splits.test.count, itemsOn(opened, 'test').length)
    if (opened && task.splits.audit)
      ledger.same('task: splits.audit.count', task.splits.audit.count, itemsOn(opened, 'audit').length)
    if (!wholeTask) {
      if (opened)
        ledger.leave(
          'the test hash, the order of its items in the task, and what needs no student on it: give its folder with --task',
        )
      return
    }
    const seen = config.setting === 'seed' ? wholeTask : { ...wholeTask, seeds: [] }
    ledger.same('task: its folder', config.taskHash, wholeTask.sha256)
    ledger.same('task: its public part', hashOf(task), hashOf(publicView(seen)))
    if (config.evidence.references.length > 0) compareReferences(config.evidence, wholeTask, ledger)
    if (opened) await comparePapers(evidence, opened, ledger)
  },
}

type SaidOpened = RunFacts['opened'][number]

/** A paper's items, as everybody sat it. */
const itemsOn = ({ payload }: SaidOpened, name: PaperName) =>
  payload.results.find(({ paper }) => paper === name)?.items ?? []

/** The papers against those of the task's folder; an audit that was drawn is drawn again. */
async function comparePapers(evidence: Evidence, opened: SaidOpened, ledger: Ledger): Promise<void> {
  const task = evidence.wholeTask!
  const place = (field: string) => messagePlace('opened', opened, field)
  ledger.same(place('testHash'), opened.payload.testHash, hashOf(task.test))
  const scorers: Partial<Record<PaperName, Task['scorer']>> = { test: task.scorer, audit: task.scorer }
  const papers: [PaperName, readonly Item[]][] = [['test', task.test]]
  const audit = task.audit.length > 0 ? task.audit : await drawnAudit(evidence, opened, task)
  papers.push(['audit', audit])
  if (opened.payload.retention) {
    const set = await retentionOf(task)
    const { sha256, mode } = opened.payload.retention
    ledger.same(place('retention.sha256'), sha256, set.sha256)
    ledger.same(place('retention.mode'), mode, set.scorer.primary)
    papers.push(['retention', set.items])
    scorers.retention = set.scorer
  }
  const { trivial } = opened.payload
  for (const [paper, items] of papers) {
    const sat = itemsOn(opened, paper)
    for (const [index, item] of (trivial ? asDrawn(items) : items).entries()) {
      ledger.same(place(`papers.${paper}[${index}]`), sat[index] && shapeOf(sat[index]), shapeOf(item))
    }
    if (!trivial || sat.length === 0) continue
    const said = trivial.filter((score) => score.paper === paper).map(({ paper: _, ...score }) => score)
    const known = paper === 'retention' ? [] : task.validation
    const scores = await trivialScores(items, openTaskScorer(scorers[paper]!), known)
    // The replies to a sealed paper are in no bundle: what follows from a candidate's own is taken as told.
    const replied = said.filter(({ candidate }) => candidate !== undefined)
    ledger.same(place(`trivial on the ${paper}`), said, worthTelling(items, [...scores, ...replied]))
  }
}

/** The audit as it was drawn from its seed, as many items of each part as were sat; none where the task has no procedure. */
async function drawnAudit({ bundle, facts }: Evidence, opened: SaidOpened, task: Task): Promise<readonly Item[]> {
  const sat = itemsOn(opened, 'audit')
  const datasets = facts.openingRequests[0]?.payload.datasets ?? []
  const taken = await takenCores(task, datasets, (dataset) => bundle.rowsOf(dataset, Row))
  const counts = Object.fromEntries(
    [...Map.groupBy(sat, ({ part }) => part)].map(([part, items]) => [part, items.length]),
  )
  return procedureOf(task)?.drawAudit({ seed: opened.payload.auditSeed, counts, taken }) ?? []
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

const shapeOf = ({ id, part, skill, group }: PaperItem) => ({
  id,
  part,
  skill,
  group,
})
