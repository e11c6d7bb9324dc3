import type { FailureCause } from '../../../schemas/guidance.ts'
import type { BadCase, ScoreSheet } from '../../../schemas/score.ts'
import type { ScoreMode, SeedQuestion } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'
import type { Attempt } from '../state.ts'
import type { LlmPlannerOptions, Shown } from './options.ts'
import { oneLine, shortenPrompted } from './shorten.ts'

/**
 * The situation as text, at most about `maxChars`. First what the next program cannot do without: status, base score, the best program
 * or the one that raised, some rows. What is left is shared by the earlier attempts and the failed cases; each says what it left out.
 */
export function describeSituation(
  situation: Situation,
  { contextChars: maxChars, shown }: Pick<LlmPlannerOptions, 'contextChars' | 'shown'>,
): string {
  const { task, base, history, best, sampleRows, operation, siblings = [] } = situation
  const mode = task.scorer.primary
  const needed = [
    statusText(situation),
    ...(task.seeds.length > 0 ? [seedText(task.seeds, shown)] : []),
    ...(base ? [`The untrained student on validation: ${scoreText(base, mode)}.`] : []),
    ...(operation === 'debug' ? [lastWrote(history.at(-1), shown)] : []),
    ...(siblings.length > 0 ? [siblingText(siblings, Math.floor(maxChars / 4))] : []),
    ...(best ? [bestText(best, Math.floor(maxChars / 3))] : []),
    ...(best?.causes?.length ? [causesText(best.causes)] : []),
    ...(sampleRows.length > 0 ? [`Some of its rows:\n${sampleRows.map((row) => rowText(row, shown)).join('\n')}`] : []),
  ]
  const core = shortenPrompted(needed.join('\n\n'), maxChars)
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
function seedText(seeds: readonly SeedQuestion[], { seeds: most, row }: Shown): string {
  const counts = Object.entries(Object.groupBy(seeds, ({ skill }) => skill ?? 'any skill'))
  const stride = Math.max(1, Math.floor(seeds.length / Math.max(1, most)))
  const shown = seeds.filter((_, index) => index % stride === 0).slice(0, most)
  const lines = shown.map(({ skill, text }) => oneLine(`- [${skill ?? 'any skill'}] ${text}`, row))
  const sizes = counts.map(([skill, of]) => `${skill} ${of?.length}`).join(', ')
  return [`The seed pool has ${seeds.length} raw questions (${sizes}), such as:`, ...lines].join('\n')
}

const bestText = ({ attempt, program }: Attempt, maxChars: number): string =>
  `The best so far is attempt ${attempt}. Its program: ${shortenPrompted(JSON.stringify(program), maxChars)}`

/** What is made beside this one: k plans from one state are worth k only where they differ. */
function siblingText(siblings: readonly Attempt[], maxChars: number): string {
  const each = Math.floor(maxChars / siblings.length)
  const plans = siblings.map(({ diagnosis, program }) =>
    shortenPrompted(`- ${oneLine(diagnosis, each)} ${JSON.stringify(program)}`, each),
  )
  return `${siblings.length} other program(s) are tried from this same state, at the same time. Plan something that differs from them in what it changes:\n${plans.join('\n')}`
}

/** What an analyst named and counting confirmed. */
const causesText = (causes: readonly FailureCause[]): string =>
  [
    'What its failed cases have in common, counted over validation items that whoever named it had not seen:',
    ...causes.map(
      ({ statement, with: having, without }) =>
        `- ${oneLine(statement, causeChars)} (wrong: ${having.wrong} of ${having.total} such items, ${without.wrong} of ${without.total} others)`,
    ),
  ].join('\n')
const causeChars = 400

function lastWrote(last: Attempt | undefined, { wrote: most }: Shown): string {
  const wrote = last?.wrote ?? JSON.stringify(last?.program ?? null)
  return `What raised:\n${shortenPrompted(wrote, most)}`
}

const rowText = ({ skill, input, output }: Situation['sampleRows'][number], { row }: Shown) =>
  oneLine(`- [${skill}] ${input} -> ${output}`, row)

/** Of each field so many characters: all three say something, so none is cut in another's favour. */
function caseText({ id, skill, part, input, expected, reply, reason }: BadCase, shown: Shown): string {
  const question = oneLine(input, shown.caseInput)
  const answers = `expected: ${oneLine(expected, shown.caseExpected)} | the student said: ${oneLine(reply, shown.caseReply)}`
  return `- @${id} [${skill}, ${part}, ${reason}] ${question} | ${answers}`
}

/**
 * Failed cases in turn from each skill until `maxChars` is full; says how many of how many are shown. `wrong`: all wrong answers, of
 * which the cases are a sample.
 */
export function describeCases(
  cases: readonly BadCase[],
  wrong: number,
  { maxChars, shown: limits }: { maxChars: number; shown: Shown },
): string {
  const bySkill = Map.groupBy(cases, ({ skill }) => skill)
  const most = Math.max(0, ...[...bySkill.values()].map(({ length }) => length))
  const inTurn = Array.from({ length: most }, (_, turn) => [...bySkill.values()].flatMap((each) => each[turn] ?? []))
  const shown: string[] = []
  let used = 0
  for (const each of inTurn.flat()) {
    const line = caseText(each, limits)
    if (used + line.length > maxChars) break
    used += line.length + 1
    shown.push(line)
  }
  const counts = [...bySkill].map(([skill, { length }]) => `${skill} ${length}`).join(', ')
  const left = cases.length - shown.length
  const note = left > 0 ? `; ${left} are left out for want of room` : ''
  return [
    `Failed validation cases of the best (of ${Math.max(wrong, cases.length)} wrong answers ${cases.length} known: ${counts}${note}):`,
    ...shown,
  ].join('\n')
}

const share = (name: string, { correct, total }: { correct: number; total: number }) => `${name} ${correct}/${total}`

/** A score as text: overall, by skill, by part. */
function scoreText(sheet: ScoreSheet, mode: ScoreMode): string {
  const skills = Object.entries(sheet.bySkill).map(([name, score]) => share(name, score[mode]))
  const parts = Object.entries(sheet.byPart).map(([name, score]) => share(name, score[mode]))
  const { total } = sheet.overall[mode]
  const { noAnswer = 0, modal = 0 } = sheet
  const facts = [
    ...(noAnswer > 0 ? [`${noAnswer} replies are no answers`] : []),
    ...(modal > total / 2 ? [`${modal} replies give one and the same answer`] : []),
  ]
  const scores = `${share('overall', sheet.overall[mode])}; by skill: ${skills.join(', ')}; by part: ${parts.join(', ')}`
  return [scores, ...facts].join('; ')
}

const keptOr = ({ shownAs }: Attempt, score: string): string =>
  shownAs ? `kept back, since it is not above that of ${shownAs} by more than chance` : score

function yieldText({ bySource }: Attempt): string {
  const counted = (what: string, counts: Readonly<Record<string, number>>) => {
    const reasons = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`)
    return reasons.length > 0 ? ` (${what}: ${reasons.join(', ')})` : ''
  }
  const yields = Object.entries(bySource).map(
    ([id, { asked, admitted, rejected, failed = {} }]) =>
      `${id}: ${admitted} of ${asked} admitted${counted('rejected', rejected)}${counted('without a row', failed)}`,
  )
  return yields.join('; ')
}

const headOf = ({ attempt, operation, outcome, rows }: Attempt) =>
  `Attempt ${attempt} (${operation}): ${outcome}, ${rows} rows.`

function attemptText(attempt: Attempt, mode: ScoreMode, errorChars: number): string {
  const { diagnosis, error, validation } = attempt
  const yields = yieldText(attempt)
  return [
    `${headOf(attempt)} ${diagnosis}`,
    ...(error ? [`Error: ${oneLine(error, errorChars)}`] : []),
    ...(yields ? [`Yield: ${yields}`] : []),
    ...(validation ? [`Score: ${keptOr(attempt, scoreText(validation, mode))}.`] : []),
  ].join('\n')
}

function attemptLine(attempt: Attempt, mode: ScoreMode): string {
  const { validation } = attempt
  const score = validation ? ` Score: ${keptOr(attempt, share('overall', validation.overall[mode]))}.` : ''
  return `${headOf(attempt)}${score}`
}

/**
 * The attempts so far in order, at most about `maxChars`: the last one always in full, earlier ones in full while there is room, then in
 * a line each; how many are left out is said.
 */
function describeAttempts(
  history: readonly Attempt[],
  mode: ScoreMode,
  { maxChars, errorChars }: { maxChars: number; errorChars: number },
): string {
  const paragraphs: string[] = []
  let room = maxChars
  for (const [age, attempt] of history.toReversed().entries()) {
    const [full, line] = [attemptText(attempt, mode, errorChars), attemptLine(attempt, mode)]
    // Half of the room for what is fresh, so that the earlier ones have at least their lines.
    const text = age === 0 || full.length <= room - maxChars / 2 ? full : line
    if (age > 0 && text.length > room) break
    room -= text.length
    paragraphs.unshift(text)
  }
  const left = history.length - paragraphs.length
  return [...(left > 0 ? [`(${left} earlier attempts are left out for want of room.)`] : []), ...paragraphs].join(
    '\n\n',
  )
}
