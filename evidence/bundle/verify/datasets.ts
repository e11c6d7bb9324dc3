import { attemptNumber } from '../../../schemas/arm.ts'
import { Row } from '../../../schemas/row.ts'
import { lastVerdicts } from '../../report/mod.ts'
import { hashOfRows } from '../read.ts'
import { type Check, has, messagePlace } from './check.ts'

/** Every dataset's hash from its rows, and who was trained on which. */
export const datasetsCheck: Check = {
  name: 'datasets',
  what: 'dataset hashes from rows, wherever they are named',
  async run(evidence, ledger) {
    const { facts, bundle } = evidence
    const last = lastVerdicts(facts)
    for (const verdict of facts.verdicts) {
      const { dataset, datasetHash, rows } = verdict.payload
      ledger.same(messagePlace('verdict', verdict, 'datasetHash'), datasetHash, dataset.sha256)
      if (!has(evidence, dataset, ledger)) continue
      const own = await bundle.rowsOf(dataset, Row)
      ledger.same(messagePlace('verdict', verdict, 'datasetHash, over its rows'), datasetHash, hashOfRows(own))
      ledger.same(messagePlace('verdict', verdict, 'rows'), rows, own.length)
      ledger.same(
        messagePlace('verdict', verdict, 'dataset: distinct ids'),
        new Set(own.map(({ id }) => id)).size,
        own.length,
      )
    }
    const arms = facts.finalEvalRequests[0]?.payload.arms ?? []
    for (const job of facts.jobs) {
      const { studentModel, training } = job.payload
      if (!training) continue
      const place = messagePlace('job', job, 'training.datasetHash')
      ledger.same(place, training.datasetHash, training.dataset.sha256)
      const attempt = attemptNumber(studentModel)
      const arm = arms.find((each) => each.arm === studentModel.replace(/-s\d+$/, ''))
      if (attempt !== null)
        ledger.same(`${place} of ${studentModel}`, training.datasetHash, last.get(attempt)?.datasetHash)
      else if (arm) ledger.same(`${place} of ${studentModel}`, training.datasetHash, arm.datasetHash)
    }
    for (const finished of facts.finished) {
      const { chosenAttempt, datasetHash, controlDatasetHash } = finished.payload
      const place = (field: string) => messagePlace('run-finished', finished, field)
      // A run that went on after it ended short has made more since.
      const then = lastVerdicts({ verdicts: facts.verdicts.filter(({ seq }) => seq < finished.seq) })
      if (chosenAttempt !== null) ledger.same(place('datasetHash'), datasetHash, then.get(chosenAttempt)?.datasetHash)
      if (controlDatasetHash) ledger.same(place('controlDatasetHash'), controlDatasetHash, then.get(0)?.datasetHash)
    }
  },
}
