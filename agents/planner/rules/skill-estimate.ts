import type { ScoreSheet, Tally } from '../../../schemas/score.ts'
import type { ScoreMode } from '../../../schemas/task.ts'

/**
 * Items that the overall mean is worth in a skill's estimate. Ten items a skill are noise (standard error 0.15 at 0.6), so a
 * skill's accuracy is shrunk toward the mean as by a Beta prior of this weight (Morris 1983, parametric empirical Bayes).
 */
const priorItems = 10

/** (correct + priorItems x mean) / (total + priorItems); the mean itself where there are no items. */
export function shrunk(tally: Tally, mean: number): number {
  return (tally.correct + priorItems * mean) / (tally.total + priorItems)
}

/** The share of right answers; 0 where there are no items. */
export function accuracy(tally: Tally): number {
  return tally.total === 0 ? 0 : tally.correct / tally.total
}

/** Shrunk accuracy of every skill, in the order given. */
export function skillEstimates(sheet: ScoreSheet, skills: readonly string[], mode: ScoreMode): Map<string, number> {
  const mean = accuracy(sheet.overall[mode])
  return new Map(skills.map((skill) => [skill, shrunk(sheet.bySkill[skill]?.[mode] ?? { correct: 0, total: 0 }, mean)]))
}

/** How far the parts fall behind the training templates' manner, each shrunk toward the overall mean; at least 0. */
export function partGaps(sheet: ScoreSheet, mode: ScoreMode): { phrasing: number; range: number } {
  const mean = accuracy(sheet.overall[mode])
  const part = (name: string) => shrunk(sheet.byPart[name]?.[mode] ?? { correct: 0, total: 0 }, mean)
  const known = part('in-template')
  return {
    phrasing: Math.max(0, known - part('heldout-phrasing')),
    range: Math.max(0, known - part('heldout-range')),
  }
}
