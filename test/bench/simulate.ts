/**
 * `npm run simulate -- [--runs n] [--only pattern]`: how often intervals hold the truth and equal datasets are called unequal, in runs with
 * simulated students whose truth is known. Prints the tables of docs/intervals.md, or those whose title the pattern matches; the same
 * numbers each time.
 */
import { parseArgs } from 'node:util'
import {
  differenceCoverage,
  falseGains,
  guessersShown,
  meanCoverage,
  percentileBootstrap,
  searchesInterval,
  shownGains,
} from '../support/simulated-runs.ts'
import type { World } from '../support/simulated-students.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '2000' }, only: { type: 'string', default: '' } },
})
const runs = Number(values.runs)
const only = new RegExp(values.only)
const allSizes = [60, 180, 436]
const allAccuracies = [0.05, 0.1, 0.3, 0.5, 0.7, 0.95]
const allDeviations = [0, 0.02, 0.04, 0.06]

type Cover = (world: World) => number
type Cells = { also?: Partial<World>; accuracies?: number[]; sizes?: number[]; deviations?: number[] }
const percent = (share: number) => (share * 100).toFixed(1)
const marked = (share: number) => (share < 0.93 || share > 0.97 ? `*${percent(share)}*` : percent(share))
const line = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
const world = (items: number, accuracy: number, deviation: number, also: Partial<World> = {}): World => ({
  ...{ items, accuracy, deviation, shared: 0.8, groupSize: 1, seeds: 'even' },
  ...also,
})

function table(title: string, print: () => void): void {
  if (!only.test(title)) return
  console.log(`\n## ${title}\n`)
  print()
}

function coverageTable(title: string, cover: Cover, cells: Cells = {}): void {
  const { also, accuracies = allAccuracies, sizes = allSizes, deviations = allDeviations } = cells
  const columns = sizes.flatMap((items) => deviations.map((deviation) => ({ items, deviation })))
  table(title, () => {
    line(['Accuracy', ...columns.map(({ items, deviation }) => `${items} items, ${deviation * 100}`)])
    line([':--', ...columns.map(() => '--:')])
    const rows = accuracies.map((accuracy) => {
      const row = columns.map(({ items, deviation }) => cover(world(items, accuracy, deviation, also)))
      line([String(accuracy), ...row.map(marked)])
      return row
    })
    const shares = rows.flat()
    const inside = shares.filter((share) => share >= 0.93 && share <= 0.97).length
    const range = `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} %`
    console.log(`\n${inside} of ${shares.length} cells hold the truth in 93 to 97 % of the runs; all: ${range}.`)
  })
}

const oneArm =
  (seeds: number): Cover =>
  (of) =>
    meanCoverage(of, seeds, runs)
const twoArms =
  (gain: number, seeds: number): Cover =>
  (of) =>
    differenceCoverage(of, gain, seeds, runs)
const groups = { groupSize: 3 }

console.log(`${runs} runs a cell. Columns: items of the test and, in points, the standard deviation of training seeds.`)
coverageTable('One arm, 3 seeds', oneArm(3))
coverageTable('One arm, 5 seeds', oneArm(5))
coverageTable('One arm, 10 seeds', oneArm(10))
coverageTable('One arm, 3 seeds, items in groups of three', oneArm(3), { also: groups })
coverageTable('One arm, 3 seeds, items equally hard', oneArm(3), { also: { shared: 0 } })
coverageTable('One arm, 3 seeds, seeds with a tail', oneArm(3), {
  also: { seeds: 'skewed' },
  accuracies: [0.05, 0.3, 0.95],
})
coverageTable('Two equal arms on the same items, 3 seeds each', twoArms(0, 3))
coverageTable('Two arms, one 5 points better, 3 seeds each', twoArms(0.05, 3), { accuracies: [0.1, 0.5] })
const searches = (gain: number, of: World) => differenceCoverage(of, gain, 3, runs, searchesInterval)
coverageTable('Two equal arms of 3 runs, over runs and items', (of) => searches(0, of))
coverageTable('Two arms of 3 runs, one 5 points better, over runs and items', (of) => searches(0.05, of), {
  accuracies: [0.1, 0.5],
})
const ofOneSkill = { sizes: [10, 20, 30] }
coverageTable('Two equal arms on the items of one skill, 3 seeds each', twoArms(0, 3), ofOneSkill)
coverageTable('Two arms on the items of one skill, one 20 points better, 3 seeds each', twoArms(0.2, 3), {
  ...ofOneSkill,
  accuracies: [0.1, 0.5],
})
coverageTable('One arm, 2 seeds', oneArm(2))
coverageTable('Two equal arms on the same items, 2 seeds each', twoArms(0, 2))
coverageTable('One arm, one seed: the paper’s protocol', oneArm(1))
coverageTable('One adapter, items in groups of three, its own interval', oneArm(1), { also: groups, deviations: [0] })
coverageTable(
  'One arm, 3 seeds, two-way percentile bootstrap',
  (of) => meanCoverage(of, 3, Math.ceil(runs / 4), percentileBootstrap),
  { accuracies: [0.05, 0.3], sizes: [60, 180] },
)

table(
  'Ten equal datasets, the best on 144 validation items against an equal control, 436 test items, accuracy 0.3',
  () => {
    line(['Called better, % of runs', ...allDeviations.map((deviation) => `seeds ± ${deviation * 100}`)])
    line([':--', ...allDeviations.map(() => '--:')])
    const gains = allDeviations.map((deviation) =>
      falseGains(world(436, 0.3, deviation), 144, { datasets: 10, seeds: 3, runs }),
    )
    const row = (name: string, of: (gain: (typeof gains)[number]) => number) =>
      line([name, ...gains.map((gain) => percent(of(gain)))])
    row('3 fresh seeds of both, test (the primary comparison)', ({ freshSeeds }) => freshSeeds)
    row('1 fresh seed of both, test', ({ oneFreshSeed }) => oneFreshSeed)
    row('the search’s adapter, test', ({ searchOnTest }) => searchOnTest)
    row('the search’s adapter, the validation that chose it', ({ searchOnValidation }) => searchOnValidation)
  },
)

table('True gains over the base that are shown, 3 seeds ± 4, with what else a claim is held to', () => {
  line([
    'Base, gain, labels (share of the frequent one), cut',
    'Items',
    'Interval',
    'and no student',
    'and in favour',
    'all',
  ])
  line([':--', ...Array.from({ length: 5 }, () => '--:')])
  const cases = [
    { accuracy: 0.3, gain: 0.1, labels: 5, frequent: 0.2, broken: 0 },
    { accuracy: 0.3, gain: 0.2, labels: 5, frequent: 0.2, broken: 0 },
    { accuracy: 0.5, gain: 0.2, labels: 2, frequent: 0.5, broken: 0 },
    { accuracy: 0.85, gain: 0.1, labels: 2, frequent: 0.8, broken: 0 },
    { accuracy: 0.9, gain: 0.05, labels: 2, frequent: 0.9, broken: 0 },
    { accuracy: 0.5, gain: 0.45, labels: 2, frequent: 0.9, broken: 0 },
    { accuracy: 0.3, gain: 0.2, labels: 50, frequent: 0.02, broken: 0.02 },
    { accuracy: 0.3, gain: 0.2, labels: 50, frequent: 0.02, broken: 0.1 },
    { accuracy: 0.3, gain: 0.2, labels: 50, frequent: 0.02, broken: 0.3 },
  ]
  for (const { accuracy, gain, ...labelled } of cases)
    for (const items of allSizes) {
      const shown = shownGains(world(items, accuracy, 0.04), gain, labelled, { seeds: 3, runs })
      const { labels, frequent, broken } = labelled
      const name = `${accuracy}, +${gain * 100}, ${labels} (${frequent}), ${broken * 100} % of the wrong ones`
      line([name, String(items), ...[shown.plain, shown.aboveTrivial, shown.inFavour, shown.all].map(percent)])
    }
})

table('Students that draw their labels by lot, called above what needs no student, % of runs, 3 seeds', () => {
  line(['Labels (share of the frequent one)', ...allSizes.map((items) => `${items} items`)])
  line([':--', ...allSizes.map(() => '--:')])
  for (const [labels, frequent] of [
    [2, 0.5],
    [5, 0.2],
    [2, 0.9],
    [20, 0.05],
  ] as const)
    line([
      `${labels} (${frequent})`,
      ...allSizes.map((items) => percent(guessersShown(items, { labels, frequent }, 3, runs))),
    ])
})
