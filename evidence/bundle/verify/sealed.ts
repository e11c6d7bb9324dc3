import { isEvaluatedOn } from '../../../agents/evaluator/eval-plan.ts'
import { scoreSheet } from '../../../agents/evaluator/scorer/grading.ts'
import { EvalSetName } from '../../../schemas/sealed-results.ts'
import { isRight } from '../../../schemas/trivial.ts'
import { type BundleEvidence, type Check, messagePlace } from './check.ts'

/** Test and audit: what was frozen, which student models were evaluated, and the sheets from the items. */
export const sealedCheck: Check = {
  name: 'sealed',
  what: 'which student models were evaluated, and the sheets of test and audit from their items',
  async run(evidence, ledger) {
    const { facts, config } = evidence
    for (const finalEval of facts.finalEval) {
      const { results, retention, trivial } = finalEval.payload
      const place = (field: string) => messagePlace('final-eval-results', finalEval, field)
      const frozen = facts.finalEvalRequests[0]?.payload.studentModels ?? []
      for (const evalSet of EvalSetName.options) {
        const evaluated = results.filter((result) => result.evalSet === evalSet)
        const due = frozen.filter(isEvaluatedOn[evalSet]).map(({ name }) => name)
        if (evaluated.length > 0 || isDue(evidence, evalSet))
          ledger.same(
            place(`results: who was evaluated on the ${evalSet}`),
            evaluated.map(({ studentModel }) => studentModel.name).toSorted(),
            due.toSorted(),
          )
        else if (evalSet === 'audit' && evidence.task?.procedure)
          ledger.leave('whether an audit was to be drawn: no student model was evaluated on one')
      }
      ledger.same(place('retention: whether it was measured'), Boolean(retention), config.evidence.retention)
      for (const { evalSet, kind, ...score } of trivial) {
        const items = results.find((result) => result.evalSet === evalSet)?.items ?? []
        const { overall, byPart } = scoreSheet(
          items.map((item, at) => ({
            ...item,
            strict: isRight(score, at, 'strict'),
            lenient: isRight(score, at, 'lenient'),
          })),
        )
        const what = `trivial, ${kind} ${score.item ?? score.studentModel ?? ''} on the ${evalSet}`
        ledger.same(place(`${what}: its marks`), score.marks.length, items.length)
        ledger.same(place(`${what}: its sheet`), score.sheet, { overall, byPart })
      }
      for (const { studentModel, evalSet, sheet, items } of results) {
        ledger.same(place(`sheet of ${studentModel.name} on the ${evalSet}`), sheet, scoreSheet(items))
        const right = items.filter(({ strict, lenient, noAnswer }) => noAnswer && (strict || lenient))
        ledger.same(
          place(`right replies of ${studentModel.name} to the ${evalSet} that are no answers`),
          right.length,
          0,
        )
      }
    }
  },
}

/** An audit that is drawn may be of no items. */
const isDue = ({ config, task }: BundleEvidence, evalSet: EvalSetName): boolean =>
  ({ test: true, audit: task?.splits.audit !== undefined, retention: config.evidence.retention })[evalSet]
