import type { ScoreSheet } from '../../../schemas/score.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { Attempt } from '../state.ts'
import { oneLine } from './shorten.ts'

const share = (name: string, { correct, total }: { correct: number; total: number }) => `${name} ${correct}/${total}`

/** A score as text: overall, by skill, by part. */
export function scoreText(sheet: ScoreSheet, mode: ScoreMode): string {
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
export function describeAttempts(
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
