import { scoreSheet } from '../../../agents/evaluator/scorer/grading.ts'
import { sits } from '../../../agents/evaluator/sitting-plan.ts'
import { PaperName } from '../../../schemas/sealed-results.ts'
import { isRight } from '../../../schemas/trivial.ts'
import { type Check, type Evidence, messagePlace } from './check.ts'

/** The opened test and the audit: what was frozen, who sat them, and the sheets from the items. */
export const sealed: Check = {
  name: 'sealed',
  what: 'who sat the papers, and the sheets of test and audit from their items',
  async run(evidence, ledger) {
    const { facts, config } = evidence
    for (const opened of facts.opened) {
      const { results, retention, trivial = [] } = opened.payload
      const place = (field: string) => messagePlace('opened', opened, field)
      const frozen = facts.openingRequests[0]?.payload.candidates ?? []
      for (const paper of PaperName.options) {
        const sat = results.filter((result) => result.paper === paper)
        const due = frozen.filter(sits[paper]).map(({ name }) => name)
        if (sat.length > 0 || isDue(evidence, paper))
          ledger.same(
            place(`results: who sat the ${paper}`),
            sat.map(({ candidate }) => candidate.name).toSorted(),
            due.toSorted(),
          )
        else if (paper === 'audit' && evidence.task?.procedure)
          ledger.leave('whether an audit was to be drawn: nobody sat one')
      }
      ledger.same(place('retention: whether it was measured'), Boolean(retention), config.evidence.retention)
      for (const { paper, kind, ...score } of trivial) {
        const items = results.find((result) => result.paper === paper && result.items.length > 0)?.items ?? []
        const { overall, byPart } = scoreSheet(
          items.map((item, at) => ({
            ...item,
            strict: isRight(score, at, 'strict'),
            lenient: isRight(score, at, 'lenient'),
          })),
        )
        const what = `trivial, ${kind} ${score.item ?? score.candidate ?? ''} on the ${paper}`
        ledger.same(place(`${what}: its marks`), score.marks.length, items.length)
        ledger.same(place(`${what}: its sheet`), score.sheet, { overall, byPart })
      }
      for (const { candidate, paper, sheet, items } of results) {
        const others = results.some((other) => other.paper === paper && other.items.length > 0)
        if (items.length === 0 && !others)
          ledger.leave(`the items of ${candidate.name} on the ${paper} are not in the log`)
        else ledger.same(place(`sheet of ${candidate.name} on the ${paper}`), sheet, scoreSheet(items))
        const right = items.filter(({ strict, lenient, noAnswer }) => noAnswer && (strict || lenient))
        ledger.same(place(`right replies of ${candidate.name} to the ${paper} that are no answers`), right.length, 0)
      }
    }
  },
}

/** An audit that is drawn may be of no items. */
const isDue = ({ config, task }: Evidence, paper: PaperName): boolean =>
  ({ test: true, audit: task?.splits.audit !== undefined, retention: config.evidence.retention })[paper]
