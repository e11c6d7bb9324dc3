import type { BadCase, ScoreSheet } from '../../../schemas/score.ts'
import type { Seed } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'
import type { Attempt } from '../state.ts'

const maxCaseChars = 500
const maxRowChars = 400
const shownSeeds = 4

const meanings: Readonly<Record<Situation['operation'], string>> = {
  draft: 'Begin afresh: write a program of its own, not a correction of an earlier one.',
  debug: 'The last program raised or did not parse: write a corrected one.',
  repair: 'The last dataset came out too short to be valid: keep what was good and mend the sources that ran dry.',
  improve: 'There is a best dataset: write a program whose dataset scores better.',
}
export const meaningOf = (operation: Situation['operation']): string => meanings[operation]

const shorten = (text: string, max: number) =>
  text.length <= max ? text : `${text.slice(0, max)} [${text.length - max} characters cut]`

/** The situation in words, at most about `maxChars`. Failed cases give way first, and how many were left out is said. */
export function describeSituation(situation: Situation, maxChars: number): string {
  const { task, base, history, best, rows, left, sampleRows } = situation
  const mode = task.scorer.primary
  const status =
    `Status: ${rows} rows are wanted in the dataset. After this one ${Math.max(0, left.attempts - 1)} more attempt(s) and ` +
    `${left.hours.toFixed(1)} hours are left${left.teacherCalls === null ? '' : `, and ${left.teacherCalls} teacher calls, the control's share included`}.`
  const parts = [
    status,
    ...(task.seeds.length > 0 ? [seedText(task.seeds)] : []),
    `The untrained student on validation: ${scoreText(base, mode)}.`,
    ...history.map((attempt) => attemptText(attempt, mode)),
    ...(situation.operation === 'debug' ? [lastWrote(history.at(-1))] : []),
    ...(best ? [`The best so far is attempt ${best.attempt}. Its program: ${JSON.stringify(best.program)}`] : []),
    ...(sampleRows.length > 0 ? [`Some of its rows:\n${sampleRows.map(rowText).join('\n')}`] : []),
  ]
  const text = shorten(parts.join('\n\n'), maxChars)
  const cases = best?.badCases ?? []
  return cases.length === 0 ? text : `${text}\n\n${describeCases(cases, Math.max(0, maxChars - text.length))}`
}

/** The size of the seed pool and a few of its questions, spread over it. */
function seedText(seeds: readonly Seed[]): string {
  const counts = Object.entries(Object.groupBy(seeds, ({ skill }) => skill ?? 'any skill'))
  const stride = Math.max(1, Math.floor(seeds.length / shownSeeds))
  const shown = seeds.filter((_, index) => index % stride === 0).slice(0, shownSeeds)
  const lines = shown.map(({ skill, text }) =>
    shorten(`- [${skill ?? 'any skill'}] ${text.replaceAll('\n', ' ')}`, maxRowChars),
  )
  const sizes = counts.map(([skill, of]) => `${skill} ${of?.length}`).join(', ')
  return [`The seed pool has ${seeds.length} raw questions (${sizes}), such as:`, ...lines].join('\n')
}

function scoreText(sheet: ScoreSheet, mode: 'strict' | 'lenient'): string {
  const share = (name: string, { correct, total }: { correct: number; total: number }) => `${name} ${correct}/${total}`
  const skills = Object.entries(sheet.bySkill).map(([name, score]) => share(name, score[mode]))
  const parts = Object.entries(sheet.byPart).map(([name, score]) => share(name, score[mode]))
  return `${share('overall', sheet.overall[mode])}; by skill: ${skills.join(', ')}; by part: ${parts.join(', ')}`
}

function attemptText(attempt: Attempt, mode: 'strict' | 'lenient'): string {
  const counted = (what: string, counts: Readonly<Record<string, number>>) => {
    const reasons = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`)
    return reasons.length > 0 ? ` (${what}: ${reasons.join(', ')})` : ''
  }
  const yields = Object.entries(attempt.bySource).map(
    ([id, { asked, admitted, rejected, failed = {} }]) =>
      `${id}: ${admitted} of ${asked} admitted${counted('rejected', rejected)}${counted('without a row', failed)}`,
  )
  return [
    `Attempt ${attempt.attempt} (${attempt.operation}): ${attempt.outcome}, ${attempt.rows} rows. ${attempt.diagnosis}`,
    ...(attempt.error ? [`Error: ${attempt.error}`] : []),
    ...(yields.length > 0 ? [`Yield: ${yields.join('; ')}`] : []),
    ...(attempt.validation ? [`Score: ${keptOr(attempt, scoreText(attempt.validation, mode))}.`] : []),
  ].join('\n')
}

const keptOr = ({ shownAs }: Attempt, score: string): string =>
  shownAs ? `kept back, since it is not above that of ${shownAs} by more than chance` : score

function lastWrote(last: Attempt | undefined): string {
  const wrote = last?.wrote ?? JSON.stringify(last?.program ?? null)
  return `What raised:\n${shorten(wrote, 4000)}`
}

const rowText = ({ skill, input, output }: Situation['sampleRows'][number]) =>
  shorten(`- [${skill}] ${input} -> ${output}`.replaceAll('\n', ' '), maxRowChars)

function caseText({ id, skill, part, input, expected, reply, reason }: BadCase): string {
  const text = `${input} | expected: ${expected} | the student said: ${reply}`.replaceAll('\n', ' ')
  return `- @${id} [${skill}, ${part}, ${reason}] ${shorten(text, maxCaseChars)}`
}

/** Failed cases in turn from each skill until `maxChars` is full; says how many there are and how many are shown. */
export function describeCases(cases: readonly BadCase[], maxChars: number): string {
  const bySkill = Map.groupBy(cases, ({ skill }) => skill)
  const longest = Math.max(0, ...[...bySkill.values()].map(({ length }) => length))
  const inTurn = Array.from({ length: longest }, (_, turn) => [...bySkill.values()].flatMap((each) => each[turn] ?? []))
  const shown: string[] = []
  let used = 0
  for (const each of inTurn.flat()) {
    const line = caseText(each)
    if (used + line.length > maxChars) break
    used += line.length + 1
    shown.push(line)
  }
  const counts = [...bySkill].map(([skill, { length }]) => `${skill} ${length}`).join(', ')
  const left = cases.length - shown.length
  const note = left > 0 ? `; ${left} are left out for want of room` : ''
  return [`Failed validation cases of the best (${cases.length} known: ${counts}${note}):`, ...shown].join('\n')
}
