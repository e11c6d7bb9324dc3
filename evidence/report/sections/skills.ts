import { plural } from '../../../schemas/number-text.ts'
import { present } from '../../../schemas/present.ts'
import { armPlot } from '../../../trace/plots/arms.ts'
import type { SkillDifference } from '../contrasts.ts'
import { type Blocks, type Column, note, number, table } from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw } from '../plots/draw.ts'
import { itemsText, points } from '../text/format.ts'
import { minClaimDraws } from '../text/objections.ts'
import { range } from './scores.ts'

/** A difference skill by skill, and how it is to be read; nothing where there is none. */
export function skillDifferenceTable(skills: readonly SkillDifference[], what: string, difference: Column): Blocks {
  if (skills.length === 0) return null
  return [
    table(
      [what, number('Asked'), difference],
      skills.map(({ skill, value, interval, ...asked }) => [
        skill,
        itemsText(asked),
        { text: points(value), under: [range(interval, points)] },
      ]),
    ),
    note(skillNote(skills)),
  ]
}

function skillNote(skills: readonly SkillDifference[]): string {
  const few = skills.filter(({ groups }) => groups < minClaimDraws).map(({ skill, groups }) => `${skill} (${groups})`)
  const seeds = skills[0]?.seeds ?? [1, 1]
  return present([
    Math.max(...seeds) > 1
      ? `Means of ${seeds.join(' and ')} training seeds, intervals over seeds and items as those of the whole difference.`
      : 'This adapter only; intervals are Newcombe’s, paired, or over groups where items come in groups.',
    `${skills.length} ${plural(skills.length, 'skill')} are as many chances of a difference by luck: none of them is a claim.`,
    few.length > 0 &&
      `Too few items to tell anything but a very large difference (fewer than ${minClaimDraws} draws): ${few.join(', ')}.`,
  ]).join(' ')
}

/** A difference skill by skill with its intervals, in points; null where there is none. `what` names it. */
export function skillDifferenceFigure(skills: readonly SkillDifference[], what: string): Markup | null {
  const known = skills.flatMap(({ skill: name, value, interval }) =>
    interval ? [{ name, colour: 'var(--final)', share: value, ...interval, title: `${name}: ${points(value)}` }] : [],
  )
  if (known.length === 0) return null
  const size = { width: 960, height: 66 + 26 * known.length, marginLeft: 190, marginRight: 24 }
  return draw(
    `${what} by skill, in points, with 95 % intervals`,
    armPlot(known, { ...size, isDifference: true, x: { ticks: 7 } }),
  )
}
