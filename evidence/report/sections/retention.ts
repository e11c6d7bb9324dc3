import { plural } from '../../../schemas/number-text.ts'
import type { RetentionFacts } from '../contrasts.ts'
import { absent, type Blocks, figure, heading, note, number, paragraph, strong, table } from '../document/document.ts'
import type { SealedResults } from '../report-data.ts'
import { retentionAbsent, retentionSentence } from '../text/conclusion.ts'
import { numberText, percent, percentNumber, points, rangeText, shortHash } from '../text/format.ts'
import { differenceName, labelOf } from '../text/names.ts'
import { skillDifferenceFigure, skillDifferenceTable } from './skills.ts'

/** What the student knew outside the task, before and after its training. */
export function retention({ retention: facts }: SealedResults): Blocks {
  if (!facts) return [heading(3, 'Retention'), absent(retentionAbsent)]
  const { items, mode, sha256, margin, skills } = facts
  const difference = differenceName({ of: 'final', to: 'base' })
  return [
    heading(3, 'Retention: what it knew before'),
    paragraph(strong(retentionSentence(facts))),
    table(['Arm', number('Share right'), number('Change from the base'), 'Verdict'], armRows(facts)),
    note(
      `${numberText(items)} ${plural(items, 'question')} outside all skills of the task (set ${shortHash(sha256)}), ${mode} scoring by the set’s own scorer. Non-inferiority: margin ${numberText(margin * 100)} points, interval of the difference paired on groups of items, one-sided 2.5 %.`,
    ),
    figure(
      skillDifferenceFigure(skills, difference),
      `${difference} by kind of question, in points, with 95 % intervals.`,
    ),
    skillDifferenceTable(skills, 'Kind of question', number(difference, 'points')),
  ]
}

/** The arms: share right, its change from the base, the verdict. */
const armRows = ({ arms, changes }: RetentionFacts): string[][] =>
  arms.map(({ arm, items, truncated, value, interval, perSeed }) => {
    const change = changes.find((each) => each.arm === arm)
    const seeds = perSeed.length > 1 ? `, seeds ${perSeed.map(percentNumber).join(', ')}` : ''
    return [
      labelOf(arm),
      `${percent(value)}${rangeText(interval, percentNumber)}${seeds}; ${numberText(truncated)} of ${numberText(items * perSeed.length)} ${plural(items * perSeed.length, 'reply', 'replies')} cut`,
      change ? `${points(change.value)}${rangeText(change.interval, points)}` : '',
      change?.conclusion ?? '',
    ]
  })
