import { wholePercent } from '../../../schemas/number-text.ts'
import type { ScoreSheet, Tally } from '../../../schemas/score.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'

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
const accuracy = (tally: Tally): number => (tally.total === 0 ? 0 : tally.correct / tally.total)

/** Shrunk accuracy of every skill, in the order given. */
function skillEstimates(sheet: ScoreSheet, skills: readonly string[], mode: ScoreMode): Map<string, number> {
  const mean = accuracy(sheet.overall[mode])
  return new Map(skills.map((skill) => [skill, shrunk(sheet.bySkill[skill]?.[mode] ?? { correct: 0, total: 0 }, mean)]))
}

/** How far the parts fall behind the training templates' manner, each shrunk toward the overall mean; at least 0. */
function partGaps(sheet: ScoreSheet, mode: ScoreMode): { phrasing: number; range: number } {
  const mean = accuracy(sheet.overall[mode])
  const part = (name: string) => shrunk(sheet.byPart[name]?.[mode] ?? { correct: 0, total: 0 }, mean)
  const known = part('in-template')
  return {
    phrasing: Math.max(0, known - part('heldout-phrasing')),
    range: Math.max(0, known - part('heldout-range')),
  }
}

/** What the scores of the best attempt say, shrunk toward the mean. */
export type Diagnosis = {
  sheet: ScoreSheet | null
  mean: number
  skills: Map<string, number>
  gaps: { phrasing: number; range: number }
  /** Scored attempts since the best one that did not start from another one, none of which beat it. */
  stale: number
}

/**
 * The diagnosis of the best attempt; zeros before there is one.
 *
 * @example
 * const { sheet, skills } = diagnose(situation) // sheet is null before the first score
 * if (sheet) [...skills].toSorted(([, one], [, other]) => one - other) // the weakest skill first
 */
export function diagnose(situation: Situation): Diagnosis {
  const names = situation.task.skills.map((skill) => skill.name)
  const sheet = situation.best?.validation ?? null
  if (!sheet || !situation.best) {
    return {
      sheet: null,
      mean: 0,
      skills: new Map(names.map((name) => [name, 0])),
      gaps: { phrasing: 0, range: 0 },
      stale: 0,
    }
  }
  const mode = situation.task.scorer.primary
  const bestAttempt = situation.best.attempt
  return {
    sheet,
    mean: accuracy(sheet.overall[mode]),
    skills: skillEstimates(sheet, names, mode),
    gaps: partGaps(sheet, mode),
    stale: situation.history.filter(
      (each) =>
        each.attempt > bestAttempt &&
        each.outcome === 'scored' &&
        (each.from === undefined || each.from === bestAttempt),
    ).length,
  }
}

/** The diagnosis in one sentence for the log, the page and the report. */
export function describeDiagnosis(situation: Situation, diagnosis: Diagnosis): string {
  switch (situation.operation) {
    case 'draft':
      return 'First program: every skill alike, several phrasings, both numeric ranges.'
    case 'debug':
      return `The last program raised: ${situation.history.at(-1)?.error ?? 'no reason given'}. Its sources fall back to the draft's manner.`
    case 'repair':
      return `Only ${situation.history.at(-1)?.rows ?? 0} of ${situation.rows} rows were admitted. They are kept; the sources that ran dry get more variety.`
    case 'improve': {
      const weakest = [...diagnosis.skills].sort((a, b) => a[1] - b[1]).slice(0, 2)
      return (
        `Best is attempt ${situation.best?.attempt} with ${wholePercent(diagnosis.mean)} on validation. ` +
        `Weakest (shrunk): ${weakest.map(([skill, share]) => `${skill} ${wholePercent(share)}`).join(', ')}. ` +
        `Held-out phrasings fall ${wholePercent(diagnosis.gaps.phrasing)} behind the templates, held-out ranges ${wholePercent(diagnosis.gaps.range)}` +
        (diagnosis.stale > 0
          ? `; ${diagnosis.stale} attempt(s) since did not beat it, so one thing is changed at a time.`
          : '.')
      )
    }
    default:
      return situation.operation satisfies never
  }
}
