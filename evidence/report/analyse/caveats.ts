import { plural } from '../../../schemas/number-text.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import { capital } from '../../../schemas/text.ts'
import { uncountedText } from '../../../schemas/token-limit.ts'
import type { DatasetFacts, ReportData } from '../report-data.ts'
import { brokenReplies, brokenText } from '../text/replies.ts'

/** As docs/intervals.md has it from simulated students. */
const twoSeeds = ' With two of them an arm’s own interval is often too narrow; the differences of arms hold.'

/** Replies that are no answers up to this share are not worth a word. */
const fewReplies = 0.02

/** What a reader must know beside the result. */
export function caveatsOf(
  data: Pick<ReportData, 'sealed' | 'studentModels' | 'run'>,
  datasets: readonly DatasetFacts[],
  seen: {
    finalEvals: number
    vetoes: number
    faults: readonly string[]
    uncounted: readonly string[]
    /** The settings of a run that is meant to be short; null for others. */
    quick: Pick<RunConfig, 'attempts' | 'rows'> | null
  },
): string[] {
  const { sealed, studentModels, run } = data
  const { finalEvals, vetoes, faults, uncounted, quick } = seen
  const caveats: string[] = []
  const [final, control] = ['final', 'control'].map(
    (name) => studentModels.find((studentModel) => studentModel.studentModel === name)?.training ?? null,
  )
  if (quick)
    caveats.push(
      `A quick run (--quick): ${quick.attempts} ${plural(quick.attempts, 'attempt')} of ${quick.rows} ${plural(quick.rows, 'row')}, without the runs and questions that a result is compared with. ` +
        'It shows that all parts work, and proves less than a run without --quick.',
    )
  if (!run.finished) caveats.push('This run is not finished: the report shows what there is so far.')
  if (sealed) {
    const seeds = sealed.contrasts.arms.find(({ arm }) => arm === 'final')?.seeds.length ?? 0
    caveats.push(
      seeds > 1
        ? `The final was trained with ${seeds} fresh seeds: intervals cover the choice of the test items and the luck of a training.${seeds === 2 ? twoSeeds : ''}`
        : 'This adapter only: there is one training seed, so the intervals cover the choice of the test items and not the luck of a training.',
    )
    caveats.push(
      sealed.finalEvalNumber === 1
        ? 'Final evaluation 1 of this test on this bus; those of a copy on another bus, or in another home, cannot be counted.'
        : `Final evaluation ${sealed.finalEvalNumber} of this test on this bus: the more often a test is evaluated on a bus, the less it is unseen by whoever reads the reports.`,
    )
    if (finalEvals > 1)
      caveats.push(`The log holds ${finalEvals} final evaluations of the test in this run; the first one is reported.`)
    for (const facts of sealed.contrasts.replies) {
      const none = brokenReplies(facts)
      const isFinal = facts.arm === 'final'
      if (none <= fewReplies * facts.replies && (facts.collapsed === 0 || isFinal)) continue
      const against = isFinal
        ? ''
        : ' A claim against it holds only where it holds with the final’s own results in their place.'
      caveats.push(`${capital(brokenText(isFinal ? { ...facts, collapsed: 0 } : facts))}.${against}`)
    }
  }
  if (final && control) {
    if (final.seed !== control.seed) caveats.push('Final and control were trained with different seeds.')
    if (final.rows !== control.rows)
      caveats.push(`Final and control were trained on different numbers of rows (${final.rows} and ${control.rows}).`)
  }
  const chosen = datasets.find((dataset) => dataset.attempt === run.chosenAttempt)
  if (final?.datasetHash && chosen?.datasetHash && final.datasetHash !== chosen.datasetHash)
    caveats.push('The final was trained on another dataset than the one of the chosen attempt.')
  const short = datasets.filter(
    (dataset) => dataset.rows !== null && dataset.target !== null && dataset.rows < dataset.target,
  )
  for (const { attempt, rows, target } of short)
    caveats.push(
      `${attempt === 0 ? 'The control' : `Attempt ${attempt}`} has ${rows} ${plural(rows, 'row')} of the ${target} aimed at.`,
    )
  for (const why of new Set(uncounted)) caveats.push(`${uncountedText(why)}.`)
  for (const fault of new Set(faults)) caveats.push(`The run was held up by a fault: ${fault}.`)
  if (vetoes > 0) caveats.push(`A person vetoed ${vetoes === 1 ? 'a dataset' : `${vetoes} datasets`} in this run.`)
  if (run.unreadable.length > 0)
    caveats.push(
      `${run.unreadable.length} ${plural(run.unreadable.length, 'message')} of the log could not be read and ${plural(run.unreadable.length, 'is', 'are')} left out (see report.json).`,
    )
  return caveats
}
