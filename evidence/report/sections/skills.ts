import * as Plot from '@observablehq/plot'
import { minClaimDraws } from '../analyse/conclusion.ts'
import type { SkillDifference } from '../contrasts.ts'
import { type Blocks, type Column, note, number, table } from '../document/document.ts'
import type { Markup } from '../document/markup.ts'
import { draw } from '../plots/draw.ts'
import { itemsText, points, points as pointsText } from '../text/format.ts'
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
  return [
    Math.max(...seeds) > 1
      ? `Means of ${seeds.join(' and ')} training seeds, intervals over seeds and items as those of the whole difference.`
      : 'This adapter only; intervals are Newcombe’s, paired, or over groups where items come in groups.',
    `${skills.length} skills are as many chances of a difference by luck: none of them is a claim.`,
    ...(few.length > 0
      ? [
          `Too few items to tell anything but a very large difference (fewer than ${minClaimDraws} draws): ${few.join(', ')}.`,
        ]
      : []),
  ].join(' ')
}

/** A difference skill by skill with its intervals, in points; null where there is none. `what` names it. */
export function skillDifferences(skills: readonly SkillDifference[], what: string): Markup | null {
  const points = skills.flatMap(({ skill, value, interval }) =>
    interval ? [{ skill, value: value * 100, low: interval.low * 100, high: interval.high * 100 }] : [],
  )
  if (points.length === 0) return null
  return draw(`${what} by skill, in points, with 95 % intervals`, {
    width: 960,
    height: 66 + 26 * points.length,
    marginLeft: 190,
    marginBottom: 40,
    marginRight: 24,
    x: { ticks: 7, tickSize: 0, label: 'points', labelOffset: 34, grid: true },
    y: { domain: points.map(({ skill }) => skill), label: null, tickSize: 0 },
    marks: [
      Plot.ruleX([0], { strokeOpacity: 0.5 }),
      Plot.ruleY(points, {
        y: 'skill',
        x1: 'low',
        x2: 'high',
        stroke: 'var(--final)',
        strokeWidth: 2.5,
        strokeOpacity: 0.5,
      }),
      Plot.dot(points, {
        y: 'skill',
        x: 'value',
        fill: 'var(--final)',
        r: 4.5,
        title: ({ skill, value }) => `${skill}: ${pointsText(value / 100)}`,
      }),
    ],
  })
}
