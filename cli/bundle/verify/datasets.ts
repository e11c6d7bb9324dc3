import { carriedRows } from '../../../agents/planner/attempt.ts'
import { Program } from '../../../schemas/program.ts'
import { Row } from '../../../schemas/row.ts'
import { lastVerdicts } from '../../report/mod.ts'
import { bundleFiles } from '../manifest.ts'
import { hashOfRows } from '../read.ts'
import { type Check, type Evidence, has, messagePlace, scoredAttempts } from './check.ts'
import type { Ledger } from './ledger.ts'

/** Every dataset's hash from its rows, who was trained on which, and what an attempt carried over. */
export const datasets: Check = {
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
    const arms = facts.openingRequests[0]?.payload.arms ?? []
    for (const job of facts.jobs) {
      const { candidate, training } = job.payload
      if (!training) continue
      const place = messagePlace('job', job, 'training.datasetHash')
      ledger.same(place, training.datasetHash, training.dataset.sha256)
      const attempt = /^attempt-(\d+)$/.exec(candidate)?.[1]
      const arm = arms.find((each) => each.arm === candidate.replace(/-s\d+$/, ''))
      if (attempt) ledger.same(`${place} of ${candidate}`, training.datasetHash, last.get(Number(attempt))?.datasetHash)
      else if (arm) ledger.same(`${place} of ${candidate}`, training.datasetHash, arm.datasetHash)
    }
    for (const finished of facts.finished) {
      const { chosenAttempt, datasetHash, controlDatasetHash } = finished.payload
      const place = (field: string) => messagePlace('run-finished', finished, field)
      // A run that went on after it ended short has made more since.
      const then = lastVerdicts({ verdicts: facts.verdicts.filter(({ seq }) => seq < finished.seq) })
      if (chosenAttempt !== null) ledger.same(place('datasetHash'), datasetHash, then.get(chosenAttempt)?.datasetHash)
      if (controlDatasetHash) ledger.same(place('controlDatasetHash'), controlDatasetHash, then.get(0)?.datasetHash)
    }
    countAttempts(evidence, ledger)
    await carryOvers(evidence, ledger)
  },
}

/** How many attempts there were, and how many gave a valid dataset; a run that went on after its end says it again. */
function countAttempts({ facts, config }: Evidence, ledger: Ledger): void {
  const finished = facts.finished.at(-1)
  if (!finished || config.generate) return
  if (facts.controls.length > 0) {
    ledger.leave('the numbers of attempts, in a run that a person steered')
    return
  }
  const tried = facts.decisions.map(({ payload }) => payload.attempt).filter((attempt) => attempt > 0)
  const scored = scoredAttempts(facts)
  const place = (field: string) => messagePlace('run-finished', finished, field)
  ledger.same(place('attempts'), finished.payload.attempts, new Set(tried).size)
  ledger.same(place('validAttempts'), finished.payload.validAttempts, new Set(scored).size)
}

/** The rows that an attempt begins with are those that its program keeps of an earlier one. */
async function carryOvers(evidence: Evidence, ledger: Ledger): Promise<void> {
  const { facts, bundle } = evidence
  if (facts.controls.some(({ payload }) => payload.action === 'veto'))
    return ledger.leave('what was carried over, in a run with a veto')
  const made = [...lastVerdicts(facts).values()]
  const first = facts.shards.filter(({ payload }) => payload.round.round === 1 && payload.shard === 0)
  for (const shard of first) {
    const { program, admitted } = shard.payload.round
    if (!has(evidence, program, ledger)) continue
    const kept = await carriedRows({ attempts: made }, await bundle.json(bundleFiles.object(program.sha256), Program), {
      getRows: (ref) => bundle.rowsOf(ref, Row),
    })
    const hash = kept.length > 0 ? hashOfRows(kept) : null
    ledger.same(messagePlace('shard', shard, 'round.admitted'), admitted?.sha256 ?? null, hash)
  }
}
