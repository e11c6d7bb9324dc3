import type { DatasetQuality } from '../../quality/facts.ts'
import { type Blocks, figure, figures, heading, note } from '../document/document.ts'
import { qualityPanels } from '../plots/quality-panels.ts'
import type { ReportData } from '../report-data.ts'
import { missing, numberText, percent } from '../text/format.ts'
import { datasetName } from '../text/words.ts'

/** What each dataset is like, beside what it did. */
export function quality(data: ReportData): Blocks {
  if (data.quality.length === 0) return null
  return [
    heading(3, 'Quality of the data'),
    figure(
      qualityPanels(data),
      'Each measure by attempt (C: control), on its own scale, with the validation score first.',
    ),
    figures(['Measure', ...data.quality.map(({ attempt }) => datasetName(attempt))], measures(data.quality)),
    note(qualityNote(data.quality)),
  ]
}

const one = (value: number | null | undefined, digits: number) => numberText(value ?? null, digits)

/** The measures of quality as rows of a table: the measure, then its figure for each dataset. */
function measures(quality: readonly DatasetQuality[]): string[][] {
  const line = (name: string, of: (dataset: DatasetQuality) => string) => [name, ...quality.map(of)]
  const checks = [...new Set(quality.flatMap((dataset) => Object.keys(dataset.checks)))].sort()
  const rows = [
    line('Difficulty, level in the mean', ({ difficulty }) => one(difficulty?.level, 2)),
    line('Difficulty, rows by level', ({ difficulty }) =>
      difficulty?.levels ? difficulty.levels.map(({ level, rows }) => `${level}: ${rows}`).join(', ') : missing,
    ),
    line('Proxy: words a question', ({ difficulty }) => one(difficulty?.questionWords, 1)),
    line('Proxy: numbers a question', ({ difficulty }) => one(difficulty?.questionNumbers, 1)),
    line('Proxy: words a reply', ({ difficulty }) => one(difficulty?.replyWords, 1)),
    line('Proxy: numbers a reply (steps)', ({ difficulty }) => one(difficulty?.replyNumbers, 1)),
    ...(['questions', 'replies'] as const).flatMap((side) => [
      line(`Different words of ${side} (distinct-1)`, (dataset) => one(dataset[side]?.distinct1, 3)),
      line(`Different pairs of words of ${side} (distinct-2)`, (dataset) => one(dataset[side]?.distinct2, 3)),
      line(`Two ${side} alike (Jaccard, MinHash)`, (dataset) => one(dataset[side]?.selfOverlap, 3)),
    ]),
    ...(['questions', 'replies'] as const).map((side) =>
      line(`Distance of two ${side} (1 - cosine of embeddings)`, ({ embedding }) => one(embedding?.[side], 3)),
    ),
    line('Perplexity of the replies, base student', ({ perplexity }) =>
      perplexity ? `${one(perplexity.value, 2)} (${perplexity.rows} rows)` : missing,
    ),
    line('Judge, mean of 1 to 5', ({ judged }) =>
      judged ? `${one(judged.mean, 2)} (${judged.rows} rows, lowest ${judged.lowest})` : missing,
    ),
    ...checks.map((check) => line(`Rows checked by ${check}`, (dataset) => one(dataset.checks[check] ?? 0, 0))),
    line('Validation items whose skill has rows', ({ coverage }) => percent(coverage?.covered ?? null)),
    line('Mix of skills in common with validation', ({ coverage }) => percent(coverage?.overlap ?? null)),
    line('Entropy of skills, bits (validation)', ({ coverage }) =>
      coverage ? `${one(coverage.entropy, 2)} (${one(coverage.validationEntropy, 2)})` : missing,
    ),
    line('Refused: in validation; in the sealed test; in the retention set', ({ contamination }) =>
      [contamination.validation, contamination.sealed, contamination.retention]
        .map((count) => numberText(count))
        .join('; '),
    ),
    line('Admitted with the template of an item', ({ contamination }) => numberText(contamination.templates)),
  ]
  return rows.filter((row) => row.slice(1).some((figure) => figure !== missing))
}

const embeddedBy = (quality: readonly DatasetQuality[]): string => {
  const used = quality.flatMap(({ embedding }) => embedding ?? [])
  const names = [...new Set(used.map(({ embedder }) => embedder))]
  const failures = [...new Set(used.flatMap(({ failure }) => failure ?? []))]
  if (names.length === 0) return 'by words alone (n-gram), as the critic normalises them; no embedder is configured'
  const failed = failures.length > 0 ? `, which failed: ${failures.join('; ')}` : ''
  return `by words, as the critic normalises them, and by embeddings of ${names.join(', ')} (mean over pairs of ${used[0]!.rows} rows)${failed}`
}

const qualityNote = (quality: readonly DatasetQuality[]): string =>
  `Measured once on each complete dataset. Diversity is ${embeddedBy(quality)}. distinct-1 (the type-token ratio) and distinct-2 fall with the size of a dataset; likeness is the mean over pairs of at most 128 rows. A measure without a figure has no source in this run: levels that no generator stated, a judge that was not asked, a training that measured no perplexity.`
