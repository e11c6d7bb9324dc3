/**
 * `npm run simulate -- search [--runs n] [--trainings n] [--only pattern]`: what each strategy finds with the same number of trainings,
 * how often racing
 * is wrong and what it costs, and when the plateau rule stops, in searches whose truth is known. Prints the tables of docs/search.md.
 */
import { parseArgs } from 'node:util'
import { StrategyName } from '../../schemas/search.ts'
import { type Figures, figuresOf, type Landscape, searchWith } from '../support/simulated-searches.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter((each) => each !== 'search'),
  options: {
    runs: { type: 'string', default: '1000' },
    trainings: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
})
const [runs, trainings, only] = [Number(values.runs), Number(values.trainings), new RegExp(values.only)]

const usual = { draft: { mean: 0.4, deviation: 0.03 }, base: 0.15, items: 144, seeds: 0.03 }
const landscapes: Landscape[] = [
  {
    ...usual,
    name: 'steady: +3, +2.5, ... points a step',
    gains: [0.03, 0.025, 0.02, 0.015, 0.01, 0.005, 0],
    steps: 0.015,
  },
  { ...usual, name: 'early peak: +6, +3, then -2 a step', gains: [0.06, 0.03, -0.02], steps: 0.01 },
  { ...usual, name: 'falling: +4, then -3 a step', gains: [0.04, -0.03], steps: 0.01 },
  {
    ...usual,
    name: 'rugged: steps of 0 +- 4, drafts +- 5',
    draft: { mean: 0.4, deviation: 0.05 },
    gains: [0],
    steps: 0.04,
  },
  { ...usual, name: 'flat: all programs are equal', draft: { mean: 0.4, deviation: 0 }, gains: [0], steps: 0 },
]
const percent = (share: number) => (share * 100).toFixed(1)
const line = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
function table(title: string, heads: readonly string[], rows: () => Iterable<readonly string[]>): void {
  if (!only.test(title)) return
  console.log(`\n## ${title}\n`)
  line(heads)
  line(heads.map((_, index) => (index === 0 ? ':--' : '--:')))
  for (const row of rows()) line(row)
}

console.log(
  `${runs} searches a cell, ${trainings} trainings each; 144 validation items, seeds ± 3 points where nothing else is said.`,
)
const racings = { off: { seeds: 0 }, 'one seed': { seeds: 1 }, 'two seeds': { seeds: 2 } }

for (const [name, racing] of Object.entries(racings))
  for (const parallel of [1, 4])
    table(
      `Expected test score by strategy, racing ${name}, ${parallel} at the same time`,
      ['Landscape', ...StrategyName.options],
      function* () {
        for (const landscape of landscapes)
          yield [
            landscape.name,
            ...StrategyName.options.map((strategy) => {
              const { score, error } = figuresOf(landscape, searchWith({ strategy, racing, parallel }), trainings, runs)
              return `${percent(score)} ± ${percent(error)}`
            }),
          ]
      },
    )

const worlds = [0, 0.02, 0.03, 0.04, 0.06].flatMap((seeds) =>
  [60, 144, 436].map((items) => ({ ...landscapes.at(-1)!, seeds, items })),
)
table(
  'False gains among equal programs, greedy, % of attempts (of searches)',
  ['Seeds, items', ...Object.keys(racings)],
  function* () {
    for (const world of worlds)
      yield [
        `± ${world.seeds * 100}, ${world.items}`,
        ...Object.values(racings).map((racing) => {
          const { falseGains, anyFalse } = figuresOf(world, searchWith({ racing }), trainings, runs)
          return `${percent(falseGains)} (${percent(anyFalse)})`
        }),
      ]
  },
)
table(
  'False gains in each landscape, % of attempts that are not better (of searches)',
  ['Landscape, strategy', ...Object.keys(racings)],
  function* () {
    for (const landscape of landscapes)
      for (const strategy of StrategyName.options)
        yield [
          `${landscape.name.split(':')[0]}, ${strategy}`,
          ...Object.values(racings).map((racing) => {
            const { falseGains, anyFalse } = figuresOf(landscape, searchWith({ racing, strategy }), trainings, runs)
            return `${percent(falseGains)} (${percent(anyFalse)})`
          }),
        ]
  },
)

const long = 20
table(
  `The plateau rule, greedy, searches of ${long} trainings`,
  [
    'Landscape, racing, attempts',
    'within two of the peak',
    'costs, points',
    'stopped after',
    'went on and ended lower',
    'last attempt below the best',
  ],
  function* () {
    for (const landscape of landscapes)
      for (const [name, racing] of Object.entries({ off: { seeds: 0 }, 'two seeds': { seeds: 2 } }))
        for (const attempts of [1, 2, 3]) {
          const figures: Figures = figuresOf(landscape, searchWith({ racing, plateau: { attempts } }), long, runs)
          yield [
            `${landscape.name.split(':')[0]}, ${name}, ${attempts}`,
            percent(figures.withinTwo),
            percent(figures.cost),
            figures.stoppedAfter.toFixed(1),
            percent(figures.endedLower),
            percent(figures.lastLower),
          ]
        }
  },
)
