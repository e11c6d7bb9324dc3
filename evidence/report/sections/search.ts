import { plural } from '../../../schemas/number-text.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import { lossPlot } from '../../../trace/plots/loss.ts'
import { rowsPlot } from '../../../trace/plots/rows.ts'
import { scorePlot } from '../../../trace/plots/scores.ts'
import {
  absent,
  type Blocks,
  type Cell,
  figure,
  figures,
  heading,
  number,
  paragraph,
  table,
} from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw, modelColour, seriesColour } from '../plots/draw.ts'
import type { DatasetFacts, ReportData, StudentModelFacts } from '../report-data.ts'
import { duration, missing, numberText, percent, percentNumber, shortHash } from '../text/format.ts'
import { datasetName, isOfSearch, labelAmong, labelOf, operationText } from '../text/names.ts'
import { quality } from './quality.ts'
import { range } from './scores.ts'
import { stepsOfSearch } from './search-steps.ts'

export function search(data: ReportData): Blocks {
  const { studentModels, run, task } = data
  if (data.datasets.length === 0) return [heading(2, 'The search'), absent('No dataset was begun.')]
  const datasets = [...data.datasets].sort((one, other) => (one.attempt || Infinity) - (other.attempt || Infinity))
  const mixed = datasets.flatMap(({ mix }) => Object.keys(mix))
  const skills = [...new Set([...(task?.skills.map(({ name }) => name) ?? []), ...mixed])]
  return [
    heading(2, 'The search, attempt by attempt'),
    paragraph(
      `${run.chosenAttempt ? `Attempt ${run.chosenAttempt} was chosen on validation.` : 'No attempt has been chosen.'} Validation steered the search; its scores are no result.`,
    ),
    {
      kind: 'pair',
      body: [
        figure(
          attemptScores(studentModels),
          'Validation by attempt (its number), strict with its 95 % interval over items (dot, figure) and lenient (ring). Dashed: the base.',
        ),
        figure(
          skillMix(data.datasets, skills),
          datasets.every(({ mixFrom }) => mixFrom === 'dataset')
            ? 'Rows of each dataset by skill.'
            : 'Rows by skill; where a dataset could not be read, as the planner and the critic report them.',
          skills.map((name, index) => ({ name, colour: seriesColour(index) })),
        ),
      ],
    },
    overview(datasets, studentModels),
    stepsOfSearch(data.search, run.stopDetail),
    rejections(datasets),
    {
      kind: 'details',
      summary: 'Rows by skill',
      body: figures(
        ['Skill', ...datasets.map(({ attempt }) => datasetName(attempt))],
        skills.map((skill) => [skill, ...datasets.map(({ mix }) => numberText(mix[skill] ?? 0))]),
      ),
    },
    datasets.map(decision),
    quality(data),
    heading(3, 'Score by skill on validation'),
    scoresBySkill(studentModels, skills, task?.primary ?? 'strict'),
    heading(3, 'Training'),
    figure(
      trainingLoss(studentModels),
      'Mean loss over completion tokens, by optimiser step.',
      trainedModels(studentModels),
    ),
    trainings(studentModels),
  ]
}

function overview(datasets: readonly DatasetFacts[], studentModels: readonly StudentModelFacts[]): Blocks {
  const rowOf = (dataset: DatasetFacts): Cell[] => {
    const { attempt, rounds, target, rows, valid } = dataset
    const name = attempt === 0 ? 'control' : `attempt-${attempt}`
    const score = studentModels.find(({ studentModel }) => studentModel === name)?.validation?.overall
    const open = rows === null ? 'no round closed' : 'not complete yet'
    return [
      { text: datasetName(attempt), under: [operationText(dataset), `${rounds} ${plural(rounds, 'round')}`] },
      numberText(dataset.asked),
      numberText(dataset.generated),
      numberText(dataset.admitted),
      numberText(dataset.carriedOver),
      {
        text: numberText(rows),
        under: [target !== null && `of ${numberText(target)}`, valid === null ? open : valid ? 'valid' : 'not valid'],
      },
      {
        text: percent(score?.strict.share ?? null),
        under: score ? [range(score.strict.interval, percentNumber), percent(score.lenient.share)] : ['not scored'],
      },
    ]
  }
  return table(
    [
      'Dataset',
      ...['Asked', 'Generated', 'Admitted', 'Carried over', 'Rows'].map((name) => number(name)),
      number('Validation', 'strict · lenient'),
    ],
    datasets.map(rowOf),
  )
}

const rejectionWords: Readonly<Record<string, string>> = {
  format: 'format',
  'too-long': 'too long',
  'too-long-for-student': 'too long for the student',
  'wrong-answer': 'wrong answer',
  'not-verified': 'vote disagrees',
  judge: 'judge',
  'judge-unread': "no score in the judge's reply",
  plugin: "the critic's own reason",
  unchecked: 'not checked for want of calls',
  'exact-duplicate': 'exact duplicate',
  'near-duplicate': 'near duplicate',
  'contaminated-validation': 'in validation',
  'contaminated-sealed': 'in the sealed test',
  'contaminated-retention': 'in the retention set',
  surplus: 'surplus',
  unbalanced: 'skill full',
}

function rejections(datasets: readonly DatasetFacts[]): Blocks {
  const reasons = Object.keys(rejectionWords).filter((reason) => datasets.some(({ rejected }) => reason in rejected))
  return figures(
    ['Dataset', 'Not generated', ...reasons.map((reason) => rejectionWords[reason]!), 'Template overlap'],
    datasets.map(({ attempt, asked, generated, rejected, templateOverlap }) => [
      datasetName(attempt),
      numberText(asked - generated),
      ...reasons.map((reason) => numberText(rejected[reason as keyof typeof rejected] ?? 0)),
      numberText(templateOverlap),
    ]),
    'Why candidates were not admitted: exactly one reason each. Surplus rows were good, but their source was full. Template overlap: admitted rows that share the template of an evaluation item, with other numbers.',
  )
}

function decision(dataset: DatasetFacts): Blocks {
  const { attempt, operations, sources, programHash } = dataset
  return [
    heading(3, `${datasetName(attempt)}: ${operationText(dataset)}`),
    operations.map(
      ({ diagnosis, model, error }): Blocks => [
        paragraph([`${diagnosis} `, { mark: 'note', text: model ? `(decided with ${model})` : '(decided by rules)' }]),
        error !== null && { kind: 'paragraph', text: `No program came of it: ${error}`, tone: 'note' },
      ],
    ),
    sources.length > 0 && {
      kind: 'details',
      summary: `Its program, ${shortHash(programHash)}`,
      body: table(
        [
          'Source',
          'Skill',
          ...['New rows', 'Phrasings', 'Wide range', 'Difficulty 1 : 2 : 3'].map((name) => number(name)),
        ],
        sources.map(({ id, skill, rows, phrasings, wideShare, difficulty }) => [
          id,
          skill,
          numberText(rows),
          numberText(phrasings),
          percent(wideShare),
          difficulty?.map((weight) => String(Number(weight.toFixed(2)))).join(' : ') ?? missing,
        ]),
      ),
    },
  ]
}

function scoresBySkill(
  studentModels: readonly StudentModelFacts[],
  skills: readonly string[],
  primary: ScoreMode,
): Blocks {
  const scored = studentModels.filter(({ studentModel, validation }) => validation && isOfSearch(studentModel))
  if (scored.length === 0) return absent('Nothing was scored on validation.')
  const asked = scored.flatMap(({ validation }) => Object.keys(validation!.skills).sort())
  return figures(
    ['Skill', ...scored.map(({ studentModel }) => labelOf(studentModel))],
    [...new Set([...skills, ...asked])].map((skill) => [
      skill,
      ...scored.map(({ validation }): Cell => {
        const rate = validation!.skills[skill]?.[primary]
        return rate ? { text: percent(rate.share), under: [`${rate.correct} of ${rate.total}`] } : missing
      }),
    ]),
  )
}

function trainings(studentModels: readonly StudentModelFacts[]): Blocks {
  const trained = studentModels.flatMap(({ studentModel, training }) => (training ? [{ studentModel, training }] : []))
  if (trained.length === 0) return absent('Nothing was trained.')
  const all = studentModels.map(({ studentModel }) => studentModel)
  return figures(
    ['Student model', 'Rows', 'Steps', 'Tokens', 'Time', 'Tokens/s', 'Loss first → last', 'Seed'],
    trained.map(({ studentModel, training }) => {
      const { device, reused, rows, leftOut, lossCurve, seed } = training
      return [
        { text: labelAmong(studentModel, all), under: [device, reused && 'found trained already'] },
        { text: numberText(rows), under: [leftOut > 0 && `${leftOut} too long`] },
        numberText(training.steps),
        numberText(training.tokens),
        duration(training.seconds),
        numberText(training.tokensPerSecond),
        lossCurve.length > 0 ? `${lossCurve[0]![1].toFixed(2)} → ${lossCurve.at(-1)![1].toFixed(2)}` : missing,
        seed === null ? missing : String(seed),
      ]
    }),
  )
}

/** Attempts by their number alone, so that thirty of them fit. */
const shortLabel = (name: string) => (name === 'base' ? 'Base' : name.replace(/^attempt-/, ''))

/** More points than this have no room for their figures, nor for each one's number. */
const maxFigures = 12

/**
 * Validation score of the base and of each attempt of the search: strict with Wilson's interval, lenient as a ring; null where there is
 * none.
 */
function attemptScores(studentModels: readonly StudentModelFacts[]): Markup | null {
  const points = studentModels.flatMap(({ studentModel, validation }) => {
    const { strict, lenient } = validation?.overall ?? {}
    if (!isOfSearch(studentModel) || !strict?.interval || strict.share === null) return []
    const [name, colour] = [shortLabel(studentModel), modelColour(studentModel)]
    return [{ name, colour, share: strict.share, ...strict.interval, rings: [lenient?.share ?? 0] }]
  })
  if (points.length === 0) return null
  const isCrowded = points.length > maxFigures
  const names = points.map(({ name }) => name)
  const ticks = isCrowded ? names.filter((name) => name === 'Base' || Number(name) % 5 === 0) : names
  const looks = { base: 'Base', isCrowded, ringShift: isCrowded ? 5 : 11 }
  return draw(
    'Validation score by attempt with 95 % intervals',
    scorePlot(points, { ...looks, width: 480, height: 270, x: { ticks } }),
  )
}

/** Rows by skill in each dataset; null where no dataset was made. */
function skillMix(datasets: readonly DatasetFacts[], skills: readonly string[]): Markup | null {
  const parts = [...datasets]
    .sort((one, other) => (one.attempt || 1000) - (other.attempt || 1000))
    .flatMap(({ attempt, mix }) => {
      const name = attempt === 0 ? 'Control' : `Attempt ${attempt}`
      const inOrder = Object.entries(mix).sort(([one], [other]) => skills.indexOf(one) - skills.indexOf(other))
      return inOrder.map(([skill, rows]) => {
        const colour = seriesColour(Math.max(0, skills.indexOf(skill)))
        return { name, rows, colour, title: `${name}, ${skill}: ${rows} ${plural(rows, 'row')}` }
      })
    })
  if (parts.length === 0) return null
  const height = 70 + 36 * new Set(parts.map(({ name }) => name)).size
  const margins = { marginLeft: 76, marginBottom: 42, marginRight: 24 }
  return draw('Rows by skill in each dataset', rowsPlot(parts, { width: 480, height, ...margins }))
}

/** Student models that were trained, with the colour of their line. */
function trainedModels(studentModels: readonly StudentModelFacts[]) {
  const all = studentModels.map(({ studentModel }) => studentModel)
  return studentModels
    .filter(({ training }) => training && training.lossCurve.length > 0)
    .map(({ studentModel, training }, index) => ({
      name: labelAmong(studentModel, all),
      curve: training!.lossCurve,
      colour: seriesColour(index),
    }))
}

/** Training loss by step; null where nothing was trained. */
function trainingLoss(studentModels: readonly StudentModelFacts[]): Markup | null {
  const lines = trainedModels(studentModels)
  return lines.length === 0
    ? null
    : draw('Training loss by optimiser step', lossPlot(lines, { width: 760, height: 260 }))
}
