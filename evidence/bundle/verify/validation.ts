import { halvesOf, isAbove } from '../../../agents/evaluator/ladder.ts'
import { type Graded, grade, sampleBadCases, scoreSheet } from '../../../agents/evaluator/scorer/grading.ts'
import { replyScores, trivialScores, worthTelling } from '../../../agents/evaluator/scorer/trivial.ts'
import { countHypothesis } from '../../../agents/evaluator/scorer-and-analyst/hypotheses.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Report } from '../../../schemas/messages/evaluation.ts'
import { Prediction } from '../../../schemas/runtime-protocol.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import { openSandbox } from '../../../tasks/sandbox/sandbox.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import type { Logged } from '../../report/mod.ts'
import { type BundleEvidence, type Check, has, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** Every reply to a validation question scored again, and the sheets counted again. */
export const validationCheck: Check = {
  name: 'validation',
  what: 'validation scored again from the replies',
  async run(evidence, ledger) {
    const { facts, task, bundle } = evidence
    if (!task) return ledger.leave('the task is not in the bundle')
    const scorer = openTaskScorer(task.scorer)
    const graded = new Map<string, Graded[]>()
    for (const { payload } of facts.predictions) {
      if (!has(evidence, payload.predictions, ledger)) continue
      const replies = await bundle.rowsOf(payload.predictions, Prediction)
      graded.set(payload.studentModel.name, await grade(task.validation, replies, scorer))
    }
    for (const report of facts.reports) compareReport(report, graded, ledger)
    await compareTrivial(evidence, graded, ledger)
    compareCases(evidence, graded, ledger)
    await compareCauses(evidence, graded, ledger)
    compareLadder(evidence, graded, ledger)
    if (facts.reports.some(({ payload }) => payload.halves)) compareHalves(evidence, graded, ledger)
  },
}

type LoggedReport = Logged<PayloadOf<typeof Report>>
type GradedBy = ReadonlyMap<string, readonly Graded[]>

function compareReport(report: LoggedReport, graded: GradedBy, ledger: Ledger): void {
  const { studentModel, shownAs = studentModel.name, items, validation } = report.payload
  const place = (field: string) => messagePlace('report', report, `${field} of ${studentModel.name}`)
  ledger.same(place('validation'), validation, scoreSheet(items))
  const own = graded.get(shownAs)
  if (!own) {
    ledger.leave(`the replies of ${shownAs} to validation`)
    return
  }
  ledger.same(place('items: their number'), items.length, own.length)
  for (const [index, { outcome }] of own.entries())
    ledger.same(place(`items[${index}] (${outcome.id})`), items[index], outcome)
}

/** What answering validation without knowing anything scores. */
async function compareTrivial(
  { facts: { reports }, task }: BundleEvidence,
  graded: GradedBy,
  ledger: Ledger,
): Promise<void> {
  const { validation, scorer: choice } = task!
  const scorer = openTaskScorer(choice)
  const scores = await trivialScores(validation, scorer)
  for (const report of reports) {
    const { studentModel, shownAs = studentModel.name, trivial } = report.payload
    const own = graded.get(shownAs)
    if (!own) continue
    ledger.same(
      messagePlace('report', report, `trivial, beside ${studentModel.name}`),
      trivial,
      worthTelling(validation, [...scores, ...(await replyScores(shownAs, own, scorer, validation))]),
    )
  }
}

/** How many failed cases of a skill are shown at most: an option of the evaluator, read off the reports. */
function shownPerSkill(reports: readonly LoggedReport[]): number {
  const counts = reports.flatMap(({ payload }) => [...Map.groupBy(payload.badCases, ({ skill }) => skill).values()])
  return Math.max(0, ...counts.map(({ length }) => length))
}

/** Failed cases are the first of each skill. */
function compareCases({ facts: { reports }, config }: BundleEvidence, graded: GradedBy, ledger: Ledger): void {
  const perSkill = shownPerSkill(reports)
  for (const report of reports) {
    const { studentModel, shownAs = studentModel.name, badCases } = report.payload
    const own = graded.get(shownAs)
    if (!own) continue
    const due = sampleBadCases(own, perSkill, config.primary)
    const place = (what: string) => messagePlace('report', report, `badCases${what} of ${studentModel.name}`)
    ledger.same(place(': their number'), badCases.length, due.length)
    for (const [index, each] of badCases.entries()) ledger.same(place(`[${index}] (${each.id})`), each, due[index])
  }
}

/** Causes that an analyst named, counted again over the items that it had not seen; not of a student model that was kept back. */
async function compareCauses(
  { facts: { reports }, config }: BundleEvidence,
  graded: GradedBy,
  ledger: Ledger,
): Promise<void> {
  if (reports.every(({ payload }) => payload.analysis === undefined)) return
  await using sandbox = openSandbox()
  for (const report of reports) {
    const { studentModel, shownAs, analysis, causes = [], halves } = report.payload
    const own = graded.get(studentModel.name)
    if (!own || !analysis || shownAs !== undefined) continue
    const due = halvesOf(own.map(({ item }) => item))
    const parts = [
      { name: 'all', causes, items: own },
      ...(['a', 'b'] as const).map((half) => ({
        name: half,
        causes: halves?.[half].causes ?? [],
        items: own.filter(({ item }) => due[half].has(item.id)),
      })),
    ]
    for (const { name, causes, items } of parts) {
      const shown = new Set(analysis.shown[name])
      const others = items.filter(({ item }) => !shown.has(item.id))
      for (const [index, cause] of causes.entries()) {
        const place = messagePlace('report', report, `causes[${index}] (${name}) of ${studentModel.name}`)
        ledger.same(place, cause, await countHypothesis(cause, others, { mode: config.primary, sandbox }))
      }
    }
  }
}

/** Which scores the Ladder let through, in the order in which they were published. */
function compareLadder({ facts: { reports }, config }: BundleEvidence, graded: GradedBy, ledger: Ledger): void {
  let best: { name: string; items: readonly ItemOutcome[] } | null = null
  for (const report of reports) {
    const { studentModel, shownAs = studentModel.name } = report.payload
    const { name, arm } = studentModel
    const items = graded.get(name)?.map(({ outcome }) => outcome)
    if (!items) continue
    const isGuarded = config.evidence.ladder === 'on' && (arm === 'base' || arm === 'submission')
    if (isGuarded && (!best || isAbove(items, best.items, config.primary))) best = { name, items }
    ledger.same(messagePlace('report', report, `shownAs of ${name}`), shownAs, isGuarded ? best?.name : name)
  }
}

/** Sheets by the halves of validation, in a run that changes from one to the other. */
function compareHalves({ facts: { reports }, config }: BundleEvidence, graded: GradedBy, ledger: Ledger): void {
  const perSkill = shownPerSkill(reports)
  for (const report of reports) {
    const { studentModel, halves } = report.payload
    const own = graded.get(studentModel.name)
    if (!halves || !own) continue
    const due = halvesOf(own.map(({ item }) => item))
    for (const half of ['a', 'b'] as const) {
      const answered = own.filter(({ item }) => due[half].has(item.id))
      const place = (field: string) => messagePlace('report', report, `halves.${half}.${field} of ${studentModel.name}`)
      const outcomes = answered.map(({ outcome }) => outcome)
      ledger.same(place('validation'), halves[half].validation, scoreSheet(outcomes))
      ledger.same(place('badCases'), halves[half].badCases, sampleBadCases(answered, perSkill, config.primary))
    }
  }
}
