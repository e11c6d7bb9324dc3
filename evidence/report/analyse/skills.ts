import type { SkillDifference } from '../contrasts.ts'
import { armDifference } from '../statistics/arm-difference.ts'
import { newcombePaired } from '../statistics/newcombe.ts'
import { type ArmScores, type Mode, ofSkill, together } from './arm-scores.ts'
import { pairsOf } from './named-seed.ts'

/** The skills of a paper. */
export const skillsOf = ({ seeds }: ArmScores): string[] =>
  [...new Set(seeds[0]!.items.map(({ skill }) => skill))].sort()

/**
 * One arm minus another skill by skill, over all parts and all their adapters, as the whole difference is; of one adapter each, on items
 * that stand alone, Newcombe's.
 */
export const skillDifferences = (first: ArmScores, second: ArmScores, mode: Mode): SkillDifference[] =>
  skillsOf(first).map((skill) => {
    const { items, groups, tables } = together([first, second], mode, ofSkill(skill))
    const seeds: [number, number] = [first.seeds.length, second.seeds.length]
    if (items === 0) return { skill, items, groups, seeds, value: 0, interval: null }
    const { value, interval } = armDifference(tables[0]!, tables[1]!)
    const isPlain = groups === items && Math.max(...seeds) === 1
    const plain = isPlain ? newcombePaired(pairsOf(first, second, 1, mode, ofSkill(skill))) : null
    return { skill, items, groups, seeds, value, interval: plain ?? interval }
  })
