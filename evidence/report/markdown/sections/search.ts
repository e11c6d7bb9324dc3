import type { ReportData } from '../../report-data.ts'
import { duration, missing, numberText, percent, percentNumber } from '../../text/format.ts'
import { isOfSearch, labelAmong, labelOf } from '../../text/names.ts'
import { datasetName, operationText, rejectionWords } from '../../text/words.ts'
import { markdownTable, escapeMarkdown as text } from '../escape.ts'
import { qualitySection } from './quality.ts'

/** What was done, attempt by attempt. */
export function searchSection(data: ReportData): string[] {
  const { datasets, candidates, run, task } = data
  if (datasets.length === 0) return ['## The search', 'No dataset was begun.']
  const ordered = [...datasets].sort((one, other) => (one.attempt || Infinity) - (other.attempt || Infinity))
  const primary = task?.primary ?? 'strict'
  const scored = candidates.filter(({ candidate, validation }) => validation && isOfSearch(candidate))
  const all = candidates.map(({ candidate }) => candidate)
  const skills = [...new Set(scored.flatMap(({ validation }) => Object.keys(validation?.skills ?? {})))].sort()
  const mixed = [...new Set(datasets.flatMap(({ mix }) => Object.keys(mix)))].sort()
  return [
    '## The search, attempt by attempt',
    `${run.chosenAttempt ? `Attempt ${run.chosenAttempt} was chosen on validation.` : 'No attempt has been chosen.'} Validation steered the search; its scores are no result.`,
    markdownTable(
      [
        'Dataset',
        'Operation',
        'Asked',
        'Generated',
        'Admitted',
        'Carried over',
        'Rows',
        'Validation, strict',
        'lenient',
        'Not admitted because',
        'Template overlap',
      ],
      ordered.map((dataset) => {
        const name = dataset.attempt === 0 ? 'control' : `attempt-${dataset.attempt}`
        const score = candidates.find(({ candidate }) => candidate === name)?.validation?.overall
        const interval = score?.strict.interval
        return [
          datasetName(dataset.attempt),
          operationText(dataset),
          numberText(dataset.asked),
          numberText(dataset.generated),
          numberText(dataset.admitted),
          numberText(dataset.carriedOver),
          `${numberText(dataset.rows)}${dataset.target === null ? '' : ` of ${numberText(dataset.target)}`}${dataset.valid === false ? ', not valid' : ''}`,
          percent(score?.strict.share ?? null) +
            (interval ? ` (${percentNumber(interval.low)} to ${percentNumber(interval.high)})` : ''),
          percent(score?.lenient.share ?? null),
          Object.entries(dataset.rejected)
            .map(([reason, count]) => `${rejectionWords[reason] ?? reason} ${count}`)
            .join(', ') || missing,
          numberText(dataset.templateOverlap),
        ]
      }),
    ),
    ordered
      .flatMap(({ attempt, operations }) =>
        operations.map(
          ({ operation, diagnosis, model, error }) =>
            `- ${datasetName(attempt)}${attempt === 0 ? '' : `, ${operation}`} (${model ? text(`decided with ${model}`) : 'decided by rules'}): ${text(diagnosis)}${error === null ? '' : text(` No program came of it: ${error}`)}`,
        ),
      )
      .join('\n'),
    '### Rows by skill',
    markdownTable(
      ['Skill', ...ordered.map(({ attempt }) => datasetName(attempt))],
      mixed.map((skill) => [skill, ...ordered.map(({ mix }) => numberText(mix[skill] ?? 0))]),
    ),
    ...qualitySection(data),
    '### Score by skill on validation',
    scored.length > 0
      ? markdownTable(
          ['Skill', ...scored.map(({ candidate }) => labelOf(candidate))],
          skills.map((skill) => [
            skill,
            ...scored.map(({ validation }) => percent(validation?.skills[skill]?.[primary].share ?? null)),
          ]),
        )
      : 'Nothing was scored on validation.',
    '### Training',
    markdownTable(
      ['Candidate', 'Rows', 'Steps', 'Time', 'Tokens/s', 'First loss', 'Last loss', 'Seed', 'Device'],
      candidates.flatMap(({ candidate, training }) =>
        training
          ? [
              [
                labelAmong(candidate, all) + (training.reused ? ' (found trained already)' : ''),
                `${numberText(training.rows)}${training.leftOut > 0 ? ` (${training.leftOut} too long)` : ''}`,
                numberText(training.steps),
                duration(training.seconds),
                numberText(training.tokensPerSecond),
                numberText(training.lossCurve[0]?.[1] ?? null, 2),
                numberText(training.lossCurve.at(-1)?.[1] ?? null, 2),
                training.seed === null ? missing : String(training.seed),
                training.device,
              ],
            ]
          : [],
      ),
    ),
  ]
}
