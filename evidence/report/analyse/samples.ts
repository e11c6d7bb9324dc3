import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Row } from '../../../schemas/row.ts'

/** `perSkill` rows of each skill, drawn without looking at them; the same for the same rows and seed. */
export function sampleRows(rows: readonly Row[], perSkill: number, seed: number): Row[] {
  const random = xoroshiro128plus(seed)
  const skills = [...Map.groupBy(rows, (row) => row.skill)].sort(([one], [other]) => one.localeCompare(other, 'en'))
  return skills.flatMap(([, own]) => {
    const left = [...own]
    return Array.from({ length: Math.min(perSkill, own.length) }, () => {
      const [drawn] = left.splice(uniformInt(random, 0, left.length - 1), 1)
      return drawn!
    })
  })
}
