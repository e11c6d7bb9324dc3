import { mean, sampleStandardDeviation } from 'simple-statistics'
import type { RunOutcome } from './outcome.ts'

/** Mean and standard deviation over runs; the run is the unit, so `sd` is null below two of them. */
export type OverRuns = { runs: number; mean: number; sd: number | null; values: number[] }

export type Summary = {
  set: string
  runs: RunOutcome[]
  part: string
  mode: string
  /** Share right by arm, and the differences of the chosen dataset to each, in shares. */
  scores: Record<string, OverRuns>
  gains: Record<string, OverRuns>
}

const overRuns = (values: number[]): OverRuns => ({
  runs: values.length,
  mean: mean(values),
  sd: values.length > 1 ? sampleStandardDeviation(values) : null,
  values,
})

/** What the runs of a set say together. A run without an arm, or without a result, is counted in none of that arm's figures. */
export function summarise(set: string, runs: readonly RunOutcome[]): Summary {
  const arms = [...new Set(runs.flatMap(({ scores }) => Object.keys(scores)))]
  const over = (of: readonly string[], shareOf: (scores: Record<string, number>, arm: string) => number | undefined) =>
    Object.fromEntries(
      of.map((arm) => [arm, overRuns(runs.flatMap(({ scores }) => shareOf(scores, arm) ?? []))] as const),
    )
  const gain = (scores: Record<string, number>, arm: string) =>
    scores.final === undefined || scores[arm] === undefined ? undefined : scores.final - scores[arm]
  const measured = runs.find(({ part }) => part !== '')
  return {
    set,
    runs: [...runs],
    part: measured?.part ?? '',
    mode: measured?.mode ?? '',
    scores: over(arms, (scores, arm) => scores[arm]),
    gains: over(
      arms.filter((arm) => arm !== 'final'),
      gain,
    ),
  }
}

const points = (share: number) => (100 * share).toFixed(1)
const figure = ({ runs, mean: middle, sd }: OverRuns) =>
  `${points(middle)} ${sd === null ? '(one run: no deviation)' : `± ${points(sd)}`} over ${runs} ${runs === 1 ? 'run' : 'runs'}`

/** The lines that a person is told. */
export function sentencesOf({ set, runs, part, mode, scores, gains }: Summary): string[] {
  const tested = runs.filter((run) => Object.keys(run.scores).length > 0).length
  if (tested === 0) return [`set ${set}: none of ${runs.length} runs opened its test`]
  return [
    `set ${set}: ${tested} of ${runs.length} runs opened their test; ${part}, ${mode}, % right, mean ± standard deviation over runs`,
    ...Object.entries(scores).map(([arm, over]) => `  ${arm}: ${figure(over)}`),
    ...Object.entries(gains).map(([arm, over]) => `  final − ${arm}: ${figure(over)} (points)`),
  ]
}

/** `summary.md`. */
export function summaryPage(summary: Summary): string {
  const { set, runs, part, mode, scores, gains } = summary
  const arms = Object.keys(scores)
  const cells = (values: string[]) => `| ${values.join(' | ')} |`
  return `# ${set}

${runs.length} independent searches, one seed each; ${part}, ${mode}, % right on the test. The run is the unit: deviations are those between runs, each
arm's training seeds averaged within its run.

${cells(['run', 'seed', 'status', ...arms])}
${cells(Array(arms.length + 3).fill('---'))}
${runs.map((run) => cells([run.runId, String(run.seed), run.status, ...arms.map((arm) => (run.scores[arm] === undefined ? '' : points(run.scores[arm])))])).join('\n')}

${Object.entries(scores)
  .map(([arm, over]) => `- ${arm}: ${figure(over)}`)
  .join('\n')}

${Object.entries(gains)
  .map(([arm, over]) => `- final − ${arm}, points: ${figure(over)}`)
  .join('\n')}
`
}
