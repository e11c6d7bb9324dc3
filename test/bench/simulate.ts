/**
 * `npm run simulate -- [--runs n]`: how often intervals hold the truth and equal datasets are called unequal, in runs with simulated
 * students whose truth is known. Prints the tables of docs/intervals.md; the same numbers each time.
 */
import { parseArgs } from 'node:util'
import { differenceCoverage, falseGains, meanCoverage, percentileBootstrap } from '../support/simulated-runs.ts'
import type { World } from '../support/simulated-students.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '2000' } } })
const runs = Number(values.runs)
const sizes = [60, 180, 436]
const accuracies = [0.05, 0.1, 0.3, 0.5, 0.7, 0.95]
const deviations = [0, 0.02, 0.04, 0.06]
const usual: Omit<World, 'items' | 'accuracy' | 'deviation'> = { shared: 0.8, groupSize: 1, seeds: 'even' }

type Cover = (items: number, accuracy: number, deviation: number) => number
const percent = (share: number) => (share * 100).toFixed(1)
const marked = (share: number) => (share < 0.93 || share > 0.97 ? `*${percent(share)}*` : percent(share))
const line = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)

function coverageTable(title: string, cover: Cover, rows = accuracies, columns = sizes): void {
  console.log(`\n${title}\n`)
  line(['Accuracy', ...columns.flatMap((items) => deviations.map((deviation) => `${items} items, ${deviation * 100}`))])
  line([':--', ...columns.flatMap(() => deviations.map(() => '--:'))])
  const shares: number[] = []
  for (const accuracy of rows) {
    const row = columns.flatMap((items) => deviations.map((deviation) => cover(items, accuracy, deviation)))
    shares.push(...row)
    line([String(accuracy), ...row.map(marked)])
  }
  const inside = shares.filter((share) => share >= 0.93 && share <= 0.97).length
  const range = `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} %`
  console.log(`\n${inside} of ${shares.length} cells hold the truth in 93 to 97 % of the runs; all: ${range}.`)
}

const world = (items: number, accuracy: number, deviation: number, also: Partial<World> = {}): World => ({
  items,
  accuracy,
  deviation,
  ...usual,
  ...also,
})

console.log(`${runs} runs a cell. Columns: items of the test and, in points, the standard deviation of training seeds.`)
for (const seeds of [3, 5]) {
  coverageTable(`### One arm, ${seeds} seeds`, (...cell) => meanCoverage(world(...cell), seeds, runs))
}
coverageTable('### One arm, 3 seeds, items in groups of three', (...cell) =>
  meanCoverage(world(...cell, { groupSize: 3 }), 3, runs),
)
coverageTable('### One arm, 3 seeds, items equally hard', (...cell) =>
  meanCoverage(world(...cell, { shared: 0 }), 3, runs),
)
coverageTable(
  '### One arm, 3 seeds, seeds with a tail',
  (...cell) => meanCoverage(world(...cell, { seeds: 'skewed' }), 3, runs),
  [0.05, 0.3, 0.95],
)
coverageTable(
  '### Two equal arms on the same items, 3 seeds each',
  (...cell) => differenceCoverage(world(...cell), 0, 3, runs),
  [0.05, 0.3, 0.5, 0.95],
)
coverageTable(
  '### Two arms, one 5 points better, 3 seeds each',
  (...cell) => differenceCoverage(world(...cell), 0.05, 3, runs),
  [0.1, 0.5],
)
coverageTable('### One arm, one seed: the paper’s protocol', (...cell) => meanCoverage(world(...cell), 1, runs))
coverageTable(
  '### One arm, 3 seeds, two-way percentile bootstrap',
  (...cell) => meanCoverage(world(...cell), 3, Math.ceil(runs / 4), percentileBootstrap),
  [0.05, 0.3],
  [60, 180],
)

console.log(
  '\n### Ten equal datasets, the best on 144 validation items against an equal control, 436 test items, accuracy 0.3\n',
)
line(['Called better, % of runs', ...deviations.map((deviation) => `seeds ± ${deviation * 100}`)])
line([':--', ...deviations.map(() => '--:')])
const gains = deviations.map((deviation) =>
  falseGains(world(436, 0.3, deviation), 144, { datasets: 10, seeds: 3, runs }),
)
line(['3 fresh seeds of both, test (the primary comparison)', ...gains.map(({ freshSeeds }) => percent(freshSeeds))])
line(['1 fresh seed of both, test', ...gains.map(({ oneFreshSeed }) => percent(oneFreshSeed))])
line(['the search’s adapter, test', ...gains.map(({ searchOnTest }) => percent(searchOnTest))])
line([
  'the search’s adapter, the validation that chose it',
  ...gains.map(({ searchOnValidation }) => percent(searchOnValidation)),
])
