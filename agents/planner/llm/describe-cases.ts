import type { BadCase } from '../../../schemas/score.ts'
import type { Shown } from './options.ts'
import { oneLine } from './shorten.ts'

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
