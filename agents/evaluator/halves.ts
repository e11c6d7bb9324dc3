import { sha256 } from '../../schemas/hash.ts'
import type { Item } from '../../schemas/task.ts'

/**
 * Halves a split: the same halves for the same items in any order. Items of one group stay together, and each part and skill is
 * divided as evenly as its groups allow.
 */
export function halvesOf(items: readonly Item[]): { a: Set<string>; b: Set<string> } {
  const groups = Object.values(Object.groupBy(items, (item) => item.group ?? item.id)).map((group) => {
    const members = group!.toSorted((x, y) => (x.id < y.id ? -1 : 1))
    const { part, skill, id } = members[0]!
    return { members, stratum: `${part}/${skill}`, sortKey: sha256(id) }
  })
  const halves = { a: new Set<string>(), b: new Set<string>() }
  const strata = Object.groupBy(groups, (group) => group.stratum)
  for (const name of Object.keys(strata).toSorted()) {
    const size = { a: 0, b: 0 }
    for (const { members } of strata[name]!.toSorted((x, y) => (x.sortKey < y.sortKey ? -1 : 1))) {
      const half = size.a - size.b || halves.a.size - halves.b.size
      const to = half <= 0 ? 'a' : 'b'
      size[to] += members.length
      for (const { id } of members) halves[to].add(id)
    }
  }
  return halves
}
