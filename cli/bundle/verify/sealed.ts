import { scoreSheet } from '../../../agents/evaluator/scorer/grading.ts'
import { sits } from '../../../agents/evaluator/sitting-plan.ts'
import { primaryComparison } from '../../../agents/planner/primary-comparison.ts'
import { candidateName } from '../../../schemas/arm.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { OpeningRequest } from '../../../schemas/messages/evaluation.ts'
import { PaperName } from '../../../schemas/sealed-results.ts'
import { type Check, type Evidence, messagePlace, scoredAttempts } from './check.ts'
import type { Ledger } from './ledger.ts'

/** The opened test and the audit: what was frozen, who sat them, and the sheets from the items. */
export const sealed: Check = {
  name: 'sealed',
  what: 'the frozen list and comparison, and the sheets of test and audit from their items',
  async run(evidence, ledger) {
    const { facts, config } = evidence
    for (const request of facts.openingRequests) compareFrozen(evidence, request, ledger)
    for (const opened of facts.opened) {
      const { results, retention } = opened.payload
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
      for (const { candidate, paper, sheet, items } of results) {
        const others = results.some((other) => other.paper === paper && other.items.length > 0)
        if (items.length === 0 && !others)
          ledger.leave(`the items of ${candidate.name} on the ${paper} are not in the log`)
        else ledger.same(place(`sheet of ${candidate.name} on the ${paper}`), sheet, scoreSheet(items))
      }
    }
  },
}

/** An audit that is drawn may be of no items. */
const isDue = ({ config, task }: Evidence, paper: PaperName): boolean =>
  ({ test: true, audit: task?.splits.audit !== undefined, retention: config.evidence.retention })[paper]

type Request = PayloadOf<typeof OpeningRequest>

/** The list and the comparison that a run is judged by follow from what it was asked to measure, not from what came out. */
function compareFrozen(
  { facts, config, task }: Evidence,
  request: Evidence['facts']['openingRequests'][number],
  ledger: Ledger,
): void {
  const { candidates, arms, primary } = request.payload
  const place = (field: string) => messagePlace('opening-request', request, field)
  if (primary && task) ledger.same(place('primary'), primary, primaryComparison(config, task, candidates))
  else ledger.leave('the comparison that the run is judged by')
  if (arms.length === 0) {
    ledger.leave('the frozen list, in a run from before its arms were said')
    return
  }
  ledger.same(place('arms'), arms.map(({ arm }) => arm).toSorted(), ['final', ...config.evidence.arms].toSorted())
  if (facts.controls.some(({ payload }) => payload.action === 'veto')) {
    ledger.leave('the submissions, in a run with a veto')
    return
  }
  const names = candidates.map(({ name }) => name)
  const submissions = config.evidence.submissions ? scoredAttempts(facts) : []
  const due = ['base', 'base-examples', ...trainedOf(arms, config.evidence.seeds), ...submissions]
  ledger.same(place('candidates'), names.toSorted(), [...new Set(due)].toSorted())
}

const trainedOf = (arms: Request['arms'], seeds: number): string[] =>
  arms.flatMap(({ arm, dataset, sameAs }) =>
    dataset && sameAs === null ? Array.from({ length: seeds }, (_, index) => candidateName(arm, index + 1)) : [],
  )
