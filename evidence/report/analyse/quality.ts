import type { Row } from '../../../schemas/row.ts'
import type { DatasetQuality, Judged } from '../../quality/facts.ts'
import { coverageOf, difficultyOf, diversityOf } from '../../quality/measures.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { DatasetFacts } from '../report-data.ts'
import { type DatasetRows, tally } from './datasets.ts'

/** The quality of each attempt's dataset. It follows from the datasets and the log alone: no model is asked. */
export function qualityOf(
  facts: RunFacts,
  datasets: readonly DatasetFacts[],
  rows: DatasetRows,
  seed: number,
): DatasetQuality[] {
  const validation = tally((facts.reports[0]?.payload.items ?? []).map(({ skill }) => skill))
  return datasets.map(({ attempt, mix, rejected, templateOverlap }) => {
    const own = rows.get(attempt)
    const diversity = (side: 'input' | 'output') =>
      own
        ? diversityOf(
            own.map((row) => row[side]),
            seed,
          )
        : null
    return {
      attempt,
      rows: own?.length ?? null,
      difficulty: own ? difficultyOf(own) : null,
      questions: diversity('input'),
      replies: diversity('output'),
      perplexity: perplexityOf(facts, attempt),
      embedding: trainingOf(facts, attempt)?.embedding ?? null,
      judged: own ? judgedOf(own) : null,
      checks: tally((own ?? []).flatMap(({ origin }) => origin.teacher?.checks ?? [])),
      coverage: coverageOf(mix, validation),
      contamination: {
        validation: rejected['contaminated-validation'] ?? 0,
        sealed: rejected['contaminated-sealed'] ?? 0,
        retention: rejected['contaminated-retention'] ?? 0,
        templates: templateOverlap,
      },
    }
  })
}

/** The training of a dataset, by which its rows were measured. */
function trainingOf({ reports }: RunFacts, attempt: number) {
  const name = attempt === 0 ? 'control' : `attempt-${attempt}`
  return reports.find(({ payload }) => payload.studentModel.name === name)?.payload.training
}

function perplexityOf(facts: RunFacts, attempt: number): DatasetQuality['perplexity'] {
  const measured = trainingOf(facts, attempt)?.perplexity
  return measured ? { ...measured, value: Math.exp(measured.nll) } : null
}

function judgedOf(rows: readonly Row[]): Judged | null {
  const judges = rows.flatMap(({ origin }) => origin.judge ?? [])
  if (judges.length === 0) return null
  return {
    rows: judges.length,
    mean: judges.reduce((sum, { score }) => sum + score, 0) / judges.length,
    lowest: judges.reduce((lowest, { score }) => Math.min(lowest, score), 5),
    models: [...new Set(judges.map(({ model }) => model))].sort(),
  }
}
