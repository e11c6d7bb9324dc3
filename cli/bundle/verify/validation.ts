import { halvesOf } from '../../../agents/evaluator/halves.ts'
import { type Graded, grade, scoreSheet } from '../../../agents/evaluator/scorer/grading.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Report } from '../../../schemas/messages/evaluation.ts'
import { Prediction } from '../../../schemas/runtime-protocol.ts'
import { scorerFor } from '../../../tasks/score-with.ts'
import type { Said } from '../../report/mod.ts'
import { type Check, has, messagePlace } from './check.ts'
import type { Ledger } from './ledger.ts'

/** Every reply to a validation question scored again, and the sheets counted again. */
export const validation: Check = {
  name: 'validation',
  what: 'validation scored again from the replies',
  async run(evidence, ledger) {
    const { facts, task, bundle } = evidence
    if (!task) return ledger.leave('the task is not in the bundle')
    const score = scorerFor(task.scorer)
    const graded = new Map<string, Graded[]>()
    for (const { payload } of facts.predictions) {
      if (!has(evidence, payload.predictions, ledger)) continue
      const replies = await bundle.rowsOf(payload.predictions, Prediction)
      graded.set(payload.candidate.name, await grade(task.validation, replies, score))
    }
    for (const report of facts.reports) compareReport(report, graded, ledger)
    if (facts.reports.some(({ payload }) => payload.halves)) compareHalves(facts.reports, graded, ledger)
  },
}

type SaidReport = Said<PayloadOf<typeof Report>>
type GradedBy = ReadonlyMap<string, readonly Graded[]>

function compareReport(report: SaidReport, graded: GradedBy, ledger: Ledger): void {
  const { candidate, shownAs = candidate.name, items, validation, badCases } = report.payload
  const place = (field: string) => messagePlace('report', report, `${field} of ${candidate.name}`)
  ledger.same(place('validation'), validation, scoreSheet(items))
  const own = graded.get(shownAs)
  if (!own) {
    ledger.leave(`the replies of ${shownAs} to validation`)
    return
  }
  ledger.same(place('items: their number'), items.length, own.length)
  for (const [index, { outcome }] of own.entries()) {
    ledger.same(place(`items[${index}] (${outcome.id})`), items[index], outcome)
  }
  for (const [index, { id, reply, expected, reason }] of badCases.entries()) {
    const found = own.find(({ item }) => item.id === id)
    const due = found && { reply: found.reply, expected: found.item.answer, reason: found.score.reason }
    ledger.same(place(`badCases[${index}] (${id})`), { reply, expected, reason }, due)
  }
}

/** Sheets by the halves of validation, in a run that changes from one to the other. */
function compareHalves(reports: readonly SaidReport[], graded: GradedBy, ledger: Ledger): void {
  for (const report of reports) {
    const { candidate, halves } = report.payload
    const own = graded.get(candidate.name)
    if (!halves || !own) continue
    const due = halvesOf(own.map(({ item }) => item))
    for (const half of ['a', 'b'] as const) {
      const outcomes = own.filter(({ item }) => due[half].has(item.id)).map(({ outcome }) => outcome)
      const place = messagePlace('report', report, `halves.${half}.validation of ${candidate.name}`)
      ledger.same(place, halves[half].validation, scoreSheet(outcomes))
    }
  }
}
