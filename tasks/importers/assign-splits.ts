import { fingerprint } from './fingerprint-set.ts'

/** Where an item goes. `dropped` holds repeats of an earlier question. */
export const roles = ['dropped', 'validation', 'test', 'audit', 'example', 'seed'] as const
export type Role = (typeof roles)[number]

/** How many items go where; validation takes `validationShare` of what the others leave, the test the rest. */
export type SplitPlan = { seed: number; audit: number; examples: number; seeds: number; validationShare: number }

/** The items in reading order: group as a fingerprint (0: dropped), stratum as an index. */
export type SplitItems = { groups: Float64Array; strata: Uint16Array; count: number }

/** A group's items stand together in `order`, from `from` up to `to`. */
type Group = { from: number; to: number; stratum: number }

/**
 * Divides items by group, stratified, by a hash of the seed and the group: the same items give the same splits whatever
 * their order. A whole group goes one way; each stratum gets its share to within half a group, and what it missed is
 * carried to the next.
 */
export function assignSplits(items: SplitItems, plan: SplitPlan): Uint8Array {
  const assigned = new Uint8Array(items.count)
  // A group that spans strata stands where the first of them does.
  const home = firstStrata(items)
  const order = shuffledByGroup(items, home, plan.seed)
  let groups = groupsOf(order, items.groups, home)
  const take = (role: Role, count: number): void => {
    const total = groups.reduce((sum, group) => sum + group.to - group.from, 0)
    const [taken, left] = divide(groups, total === 0 ? 0 : count / total)
    for (const { from, to } of taken) for (let at = from; at < to; at += 1) assigned[order[at]!] = roles.indexOf(role)
    groups = left
  }
  const size = () => groups.reduce((sum, group) => sum + group.to - group.from, 0)
  take('example', plan.examples)
  take('seed', plan.seeds)
  take('audit', plan.audit)
  take('validation', size() * plan.validationShare)
  take('test', size())
  return assigned
}

/** Indexes of the items that stay, by stratum, then by the hash of their group, then as read. */
function shuffledByGroup({ groups, count }: SplitItems, home: Uint16Array, seed: number): Uint32Array {
  const keys = new Float64Array(count)
  const byGroup = new Map<number, number>()
  for (let index = 0; index < count; index += 1) keys[index] = mix(groups[index]!, seed, byGroup)
  const kept = new Uint32Array(count)
  let size = 0
  for (let index = 0; index < count; index += 1) if (groups[index] !== 0) kept[size++] = index
  return kept
    .subarray(0, size)
    .sort((a, b) => home[a]! - home[b]! || keys[a]! - keys[b]! || groups[a]! - groups[b]! || a - b)
}

function firstStrata({ groups, strata, count }: SplitItems): Uint16Array {
  const order = new Uint32Array(count)
    .map((_, index) => index)
    .sort((a, b) => groups[a]! - groups[b]! || strata[a]! - strata[b]!)
  const home = new Uint16Array(count)
  let first = 0
  for (let at = 0; at < count; at += 1) {
    if (groups[order[at]!] !== groups[order[first]!]) first = at
    home[order[at]!] = strata[order[first]!]!
  }
  return home
}

function mix(group: number, seed: number, known: Map<number, number>): number {
  const found = known.get(group)
  if (found !== undefined) return found
  const value = fingerprint(`${seed}:${group}`)
  // A bounded memory: groups of one item, the many of a large file, are hashed anew.
  if (known.size < 10_000) known.set(group, value)
  return value
}

function groupsOf(order: Uint32Array, groups: Float64Array, home: Uint16Array): Group[] {
  const found: Group[] = []
  for (let at = 0; at < order.length; at += 1) {
    const last = found.at(-1)
    if (last !== undefined && groups[order[at]!] === groups[order[last.from]!]) last.to = at + 1
    else found.push({ from: at, to: at + 1, stratum: home[order[at]!]! })
  }
  return found
}

function divide(groups: Group[], share: number): [Group[], Group[]] {
  const [taken, left]: [Group[], Group[]] = [[], []]
  let carry = 0
  for (const members of Map.groupBy(groups, (group) => group.stratum).values()) {
    const size = members.reduce((sum, group) => sum + group.to - group.from, 0)
    const target = share * size + carry
    let filled = 0
    for (const group of members) {
      const width = group.to - group.from
      const fits = share >= 1 || filled + width / 2 <= target
      if (fits) filled += width
      ;(fits ? taken : left).push(group)
    }
    carry = target - filled
  }
  return [taken, left]
}
