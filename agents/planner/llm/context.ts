import type { Seed } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'
import type { Attempt } from '../state.ts'
import { describeAttempts, scoreText } from './describe-attempts.ts'
import { describeCases } from './describe-cases.ts'
import type { LlmPlannerOptions, Shown } from './options.ts'
import { oneLine, shorten } from './shorten.ts'

/**
 * The situation as text, at most about `maxChars`. First what the next program cannot do without: status, base score, the best program
 * or the one that raised, some rows. What is left is shared by the earlier attempts and the failed cases; each says what it left out.
 */
export function describeSituation(
  situation: Situation,
  { contextChars: maxChars, shown }: Pick<LlmPlannerOptions, 'contextChars' | 'shown'>,
): string {
  const { task, base, history, best, sampleRows, operation } = situation
  const mode = task.scorer.primary
  const needed = [
    statusText(situation),
    ...(task.seeds.length > 0 ? [seedText(task.seeds, shown)] : []),
    ...(base ? [`The untrained student on validation: ${scoreText(base, mode)}.`] : []),
    ...(operation === 'debug' ? [lastWrote(history.at(-1), shown)] : []),
    ...(best ? [bestText(best, Math.floor(maxChars / 3))] : []),
    ...(sampleRows.length > 0 ? [`Some of its rows:\n${sampleRows.map((row) => rowText(row, shown)).join('\n')}`] : []),
  ]
  const core = shorten(needed.join('\n\n'), maxChars)
  const room = Math.max(0, maxChars - core.length)
  const cases = best?.badCases ?? []
  const attempts = describeAttempts(history, mode, {
    maxChars: cases.length > 0 ? Math.floor(room / 2) : room,
    errorChars: shown.error,
  })
  const overall = best?.validation?.overall[mode]
  const wrong = overall ? overall.total - overall.correct : 0
  return [
    core,
    ...(attempts === '' ? [] : [`The attempts so far:\n\n${attempts}`]),
    ...(cases.length === 0
      ? []
      : [describeCases(cases, wrong, { maxChars: Math.max(0, room - attempts.length), shown })]),
  ].join('\n\n')
}

function statusText({ rows, left }: Situation): string {
  const calls =
    left.teacherCalls === null ? '' : `, and ${left.teacherCalls} teacher calls, the control's share included`
  return (
    `Status: ${rows} rows are wanted in the dataset. After this one ${Math.max(0, left.attempts - 1)} more attempt(s) and ` +
    `${left.hours.toFixed(1)} hours are left${calls}.`
  )
}

/** The size of the seed pool and a few of its questions, spread over it. */
function seedText(seeds: readonly Seed[], { seeds: most, row }: Shown): string {
  const counts = Object.entries(Object.groupBy(seeds, ({ skill }) => skill ?? 'any skill'))
  const stride = Math.max(1, Math.floor(seeds.length / Math.max(1, most)))
  const shown = seeds.filter((_, index) => index % stride === 0).slice(0, most)
  const lines = shown.map(({ skill, text }) => oneLine(`- [${skill ?? 'any skill'}] ${text}`, row))
  const sizes = counts.map(([skill, of]) => `${skill} ${of?.length}`).join(', ')
  return [`The seed pool has ${seeds.length} raw questions (${sizes}), such as:`, ...lines].join('\n')
}

const bestText = ({ attempt, program }: Attempt, maxChars: number): string =>
  `The best so far is attempt ${attempt}. Its program: ${shorten(JSON.stringify(program), maxChars)}`

function lastWrote(last: Attempt | undefined, { wrote: most }: Shown): string {
  const wrote = last?.wrote ?? JSON.stringify(last?.program ?? null)
  return `What raised:\n${shorten(wrote, most)}`
}

const rowText = ({ skill, input, output }: Situation['sampleRows'][number], { row }: Shown) =>
  oneLine(`- [${skill}] ${input} -> ${output}`, row)
