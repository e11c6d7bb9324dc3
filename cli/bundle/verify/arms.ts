import { drawRows, verifiedRows } from '../../../agents/planner/random-rows.ts'
import { kindOf } from '../../../schemas/arm.ts'
import { deriveSeed } from '../../../schemas/hash.ts'
import type { ArmRecord } from '../../../schemas/messages/evaluation.ts'
import { Row } from '../../../schemas/row.ts'
import { lastVerdicts } from '../../report/mod.ts'
import { hashOfRows } from '../read.ts'
import { type Check, type Evidence, has, messagePlace } from './check.ts'

/** What each arm was trained on, from the attempts that it is drawn from. */
export const arms: Check = {
  name: 'arms',
  what: "the arms' datasets",
  async run(evidence, ledger) {
    const { facts, bundle } = evidence
    for (const request of facts.openingRequests) {
      const chosen = facts.finished.at(-1)?.payload.chosenAttempt ?? null
      for (const [index, record] of request.payload.arms.entries()) {
        const place = messagePlace('opening-request', request, `arms[${index}] (${record.arm})`)
        const { arm, dataset, datasetHash, rows, sameAs } = record
        if (!dataset) continue
        ledger.same(`${place}.datasetHash`, datasetHash, dataset.sha256)
        const twin = request.payload.arms
          .slice(0, index)
          .find((other) => other.sameAs === null && other.datasetHash === datasetHash)
        ledger.same(`${place}.sameAs`, sameAs, twin?.arm ?? null)
        if (has(evidence, dataset, ledger))
          ledger.same(`${place}.rows`, rows, (await bundle.rowsOf(dataset, Row)).length)
        const due = await dueHash(evidence, record, chosen)
        if (due === undefined) ledger.leave(`what the arm ${arm} is drawn from`)
        else ledger.same(`${place}.datasetHash`, datasetHash, due)
      }
    }
  },
}

/** The hash that an arm's dataset must have; undefined where the bundle does not tell. */
async function dueHash(
  { facts, config, bundle }: Evidence,
  { arm, rows }: ArmRecord,
  chosen: number | null,
): Promise<string | undefined> {
  const last = lastVerdicts(facts)
  const ofAttempt = (attempt: number | null) => (attempt === null ? undefined : last.get(attempt)?.datasetHash)
  const kind = kindOf(arm)
  switch (kind) {
    case 'final':
      return ofAttempt(chosen)
    case 'control':
      return ofAttempt(0)
    case 'one-shot': {
      const first = facts.reports
        .map(({ payload }) => payload.candidate.name)
        .find((name) => name.startsWith('attempt-'))
      return first && ofAttempt(Number(first.slice('attempt-'.length)))
    }
    case 'reference': {
      const ref = config.evidence.references.find((each) => each.arm === arm)?.rows
      if (!ref) throw new Error(`the run has no rows for the arm ${arm}`)
      return drawnHash(await bundle.rowsOf(ref, Row), rows, deriveSeed(config.seed, arm))
    }
    case 'random':
      return randomHash()
    default:
      return kind satisfies never
  }

  async function randomHash(): Promise<string | undefined> {
    const program = facts.decisions.findLast(({ payload }) => payload.attempt === chosen && payload.program)?.payload
      .program
    const vetoed = facts.controls.some(({ payload }) => payload.action === 'veto')
    if (!program || vetoed) return undefined
    const attempts = [...last.values()]
      .filter(({ attempt }) => attempt > 0)
      .map(({ attempt, dataset }) => ({
        dataset,
        surplus: facts.verdicts.flatMap(({ payload }) =>
          payload.attempt === attempt && payload.surplus ? [payload.surplus] : [],
        ),
      }))
    const store = { getRows: (ref: { sha256: string }) => bundle.rowsOf(ref, Row) }
    const all = await verifiedRows(attempts, program.filters.nearDuplicateJaccard, store)
    return drawnHash(all, rows, deriveSeed(config.seed, 'random'))
  }
}

const drawnHash = (rows: readonly Row[], count: number, seed: number): string => hashOfRows(drawRows(rows, count, seed))
