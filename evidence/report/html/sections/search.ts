import { html, type Markup } from '../../markup.ts'
import { attemptScores } from '../../plots/attempt-scores.ts'
import { seriesColour } from '../../plots/draw.ts'
import { skillMix } from '../../plots/skill-mix.ts'
import { trainedCandidates, trainingLoss } from '../../plots/training-loss.ts'
import type { CandidateFacts, DatasetFacts, ReportData } from '../../report-data.ts'
import { duration, numberText, percent, percentNumber, shortHash } from '../../text/format.ts'
import { isOfSearch, labelAmong, labelOf } from '../../text/names.ts'
import { datasetName, operationText, rejectionWords } from '../../text/words.ts'
import { absent, type Cell, figure, legend, table } from '../parts.ts'
import { quality } from './quality.ts'

/** What was done, attempt by attempt. */
export function search(data: ReportData): Markup {
  const { datasets, candidates, run, task } = data
  if (datasets.length === 0) return html`<h2>The search</h2>${absent('No dataset was begun.')}`
  const skills = skillNames(data)
  const primary = task?.primary ?? 'strict'
  const trained = trainedCandidates(candidates)
  return html`<h2>The search, attempt by attempt</h2>
<p>${run.chosenAttempt ? `Attempt ${run.chosenAttempt} was chosen on validation.` : 'No attempt has been chosen.'} Validation steered the search; its scores are no result.</p>
<div class="pair">
${figure(attemptScores(candidates), 'Validation by attempt (its number), strict with its 95 % interval over items (dot, figure) and lenient (ring). Dashed: the base.')}
${figure(
  skillMix(datasets, skills),
  datasets.every(({ mixFrom }) => mixFrom === 'dataset')
    ? 'Rows of each dataset by skill.'
    : 'Rows by skill; where a dataset could not be read, as the planner and the critic report them.',
  legend(skills.map((name, index) => ({ name, colour: seriesColour(index) }))),
)}
</div>
${overview(inOrder(datasets), candidates)}
${rejections(inOrder(datasets))}
${inOrder(datasets).map((dataset) => decision(dataset))}
${quality(data)}
<h3>Score by skill on validation</h3>
${scoresBySkill(candidates, skills, primary)}
<h3>Training</h3>
${figure(trainingLoss(candidates), 'Mean loss over completion tokens, by optimiser step.', legend(trained))}
${trainings(candidates)}`
}

const inOrder = (datasets: readonly DatasetFacts[]) =>
  [...datasets].sort((one, other) => (one.attempt || Infinity) - (other.attempt || Infinity))

function skillNames({ task, datasets }: ReportData): string[] {
  return [
    ...new Set([...(task?.skills.map(({ name }) => name) ?? []), ...datasets.flatMap(({ mix }) => Object.keys(mix))]),
  ]
}

const number = (value: number | null, under?: string[]): Cell => ({ text: numberText(value), kind: 'number', under })

function overview(datasets: readonly DatasetFacts[], candidates: readonly CandidateFacts[]): Markup {
  return table({
    head: [
      { text: 'Dataset' },
      ...['Asked', 'Generated', 'Admitted', 'Carried over', 'Rows'].map((text): Cell => ({ text, kind: 'number' })),
      { text: 'Validation', under: ['strict · lenient'], kind: 'number' },
    ],
    rows: datasets.map((dataset) => {
      const { attempt, target, rows, valid } = dataset
      const score = candidates.find(
        ({ candidate }) => candidate === (attempt === 0 ? 'control' : `attempt-${attempt}`),
      )?.validation
      const open = rows === null ? 'no round closed' : 'not complete yet'
      const validity = valid === null ? open : valid ? 'valid' : 'not valid'
      return {
        cells: [
          {
            text: datasetName(attempt),
            under: [operationText(dataset), `${dataset.rounds} ${dataset.rounds === 1 ? 'round' : 'rounds'}`],
          },
          number(dataset.asked),
          number(dataset.generated),
          number(dataset.admitted),
          number(dataset.carriedOver),
          number(rows, [target === null ? '' : `of ${numberText(target)}`, validity]),
          {
            text: percent(score?.overall.strict.share ?? null),
            under: score
              ? [
                  `[${percentNumber(score.overall.strict.interval?.low ?? null)}, ${percentNumber(score.overall.strict.interval?.high ?? null)}]`,
                  percent(score.overall.lenient.share),
                ]
              : ['not scored'],
            kind: 'number',
          },
        ],
      }
    }),
  })
}

function rejections(datasets: readonly DatasetFacts[]): Markup {
  const reasons = Object.keys(rejectionWords).filter((reason) => datasets.some(({ rejected }) => reason in rejected))
  return table({
    caption:
      'Why candidates were not admitted: exactly one reason each. Surplus rows were good, but their source was full. Template overlap: admitted rows that share the template of an evaluation item, with other numbers.',
    head: [
      { text: 'Dataset' },
      { text: 'Not generated', kind: 'number' },
      ...reasons.map((reason): Cell => ({ text: rejectionWords[reason]!, kind: 'number' })),
      { text: 'Template overlap', kind: 'number' },
    ],
    rows: datasets.map(({ attempt, asked, generated, rejected, templateOverlap }) => ({
      cells: [
        { text: datasetName(attempt) },
        number(asked - generated),
        ...reasons.map((reason) => number(rejected[reason as keyof typeof rejected] ?? 0)),
        number(templateOverlap),
      ],
    })),
  })
}

function decision(dataset: DatasetFacts): Markup {
  const { attempt, operations, sources, programHash } = dataset
  return html`<h3>${datasetName(attempt)}: ${operationText(dataset)}</h3>
${operations.map(
  ({ diagnosis, model, error }) =>
    html`<p>${diagnosis} <span class="note">(${model ? `decided with ${model}` : 'decided by rules'})</span></p>${error === null ? '' : html`<p class="note">No program came of it: ${error}</p>`}`,
)}
${
  sources.length > 0
    ? html`<details><summary>Its program, ${shortHash(programHash)}</summary>${table({
        head: [
          { text: 'Source' },
          { text: 'Skill' },
          ...['New rows', 'Phrasings', 'Wide range', 'Difficulty 1 : 2 : 3'].map(
            (text): Cell => ({ text, kind: 'number' }),
          ),
        ],
        rows: sources.map((source) => ({
          cells: [
            { text: source.id },
            { text: source.skill },
            number(source.rows),
            source.phrasings === null ? { text: '–', kind: 'number' as const } : number(source.phrasings),
            { text: source.wideShare === null ? '–' : percent(source.wideShare), kind: 'number' as const },
            {
              text: source.difficulty?.map((weight) => String(Number(weight.toFixed(2)))).join(' : ') ?? '–',
              kind: 'number' as const,
            },
          ],
        })),
      })}</details>`
    : ''
}`
}

function scoresBySkill(
  candidates: readonly CandidateFacts[],
  skills: readonly string[],
  primary: 'strict' | 'lenient',
): Markup {
  const scored = candidates.filter(({ candidate, validation }) => validation && isOfSearch(candidate))
  if (scored.length === 0) return absent('Nothing was scored on validation.')
  return table({
    head: [{ text: 'Skill' }, ...scored.map(({ candidate }): Cell => ({ text: labelOf(candidate), kind: 'number' }))],
    rows: skills.map((skill) => ({
      cells: [
        { text: skill },
        ...scored.map(({ validation }): Cell => {
          const rate = validation?.skills[skill]?.[primary]
          return {
            text: percent(rate?.share ?? null),
            under: rate ? [`${rate.correct} of ${rate.total}`] : [],
            kind: 'number',
          }
        }),
      ],
    })),
  })
}

function trainings(candidates: readonly CandidateFacts[]): Markup {
  const trained = candidates.flatMap(({ candidate, training }) => (training ? [{ candidate, training }] : []))
  if (trained.length === 0) return absent('Nothing was trained.')
  const all = candidates.map(({ candidate }) => candidate)
  return table({
    head: [
      { text: 'Candidate' },
      ...['Rows', 'Steps', 'Tokens', 'Time', 'Tokens/s', 'Loss first → last', 'Seed'].map(
        (text): Cell => ({ text, kind: 'number' }),
      ),
    ],
    rows: trained.map(({ candidate, training }) => {
      const { lossCurve } = training
      return {
        cells: [
          {
            text: labelAmong(candidate, all),
            under: [training.device, ...(training.reused ? ['found trained already'] : [])],
          },
          number(training.rows, training.leftOut > 0 ? [`${training.leftOut} too long`] : []),
          number(training.steps),
          number(training.tokens),
          { text: duration(training.seconds), kind: 'number' as const },
          number(training.tokensPerSecond),
          {
            text: lossCurve.length > 0 ? `${lossCurve[0]![1].toFixed(2)} → ${lossCurve.at(-1)![1].toFixed(2)}` : '–',
            kind: 'number' as const,
          },
          { text: training.seed === null ? '–' : String(training.seed), kind: 'number' as const },
        ],
      }
    }),
  })
}
