import { minClaimDraws } from '../analyse/conclusion.ts'
import type { SkillDifference } from '../contrasts.ts'
import type { SealedResults } from '../report-data.ts'
import { itemsText } from './format.ts'

/** The skills of the test with how many items each has, as the first arm was asked them. */
export const skillSizes = ({ contrasts: { arms } }: SealedResults): { skill: string; size: string }[] =>
  [...new Set(arms.flatMap(({ skills }) => Object.keys(skills)))].sort().map((skill) => {
    const asked = arms.find(({ skills }) => skill in skills)!.skills[skill]!.strict
    return { skill, size: itemsText(asked) }
  })

/** How a difference by skill is to be read; null where there is none. */
export function skillNote(skills: readonly SkillDifference[]): string | null {
  const [first] = skills
  if (!first) return null
  const few = skills.filter(({ groups }) => groups < minClaimDraws).map(({ skill, groups }) => `${skill} (${groups})`)
  return [
    Math.max(...first.seeds) > 1
      ? `Means of ${first.seeds.join(' and ')} training seeds, intervals over seeds and items as those of the whole difference.`
      : 'This adapter only; intervals are Newcombe’s, paired, or over groups where items come in groups.',
    `${skills.length} skills are as many chances of a difference by luck: none of them is a claim.`,
    ...(few.length > 0
      ? [
          `Too few items to tell anything but a very large difference (fewer than ${minClaimDraws} draws): ${few.join(', ')}.`,
        ]
      : []),
  ].join(' ')
}
