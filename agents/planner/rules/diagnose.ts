import { wholePercent } from '../../../schemas/number-text.ts'
import type { ScoreSheet } from '../../../schemas/score.ts'
import type { Situation } from '../policy.ts'
import { accuracy, partGaps, skillEstimates } from './skill-estimate.ts'

/** What the scores of the best attempt say, shrunk toward the mean. */
export type Diagnosis = {
  sheet: ScoreSheet | null
  mean: number
  skills: Map<string, number>
  gaps: { phrasing: number; range: number }
  /** Scored attempts since the best one, none of which beat it. */
  stale: number
}

/** The diagnosis of the best attempt; zeros before there is one. */
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
    stale: situation.history.filter((each) => each.attempt > bestAttempt && each.outcome === 'scored').length,
  }
}

/** The diagnosis in one sentence for the log, the page and the report. */
export function describe(situation: Situation, diagnosis: Diagnosis): string {
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
