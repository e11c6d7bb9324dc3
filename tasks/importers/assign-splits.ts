import { fingerprint } from './fingerprint-set.ts'

/** Where an item goes. `dropped` holds repeats of an earlier question. */
export const roles = ['dropped', 'validation', 'test', 'audit', 'example', 'seed'] as const
export type Role = (typeof roles)[number]

/** How many items go where; validation takes `validationShare` of what the others leave, the test the rest. */
export type SplitPlan = { seed: number; audit: number; examples: number; seeds: number; validationShare: number }

/** The items in reading order: group as a fingerprint (0: dropped), stratum as an index. */
export type SplitItems = { groups: Float64Array; strata: Uint16Array; count: number }

/** Items by group: group `index` holds `order` from `starts[index]` up to `starts[index + 1]`. */
type Groups = { order: Uint32Array; starts: Uint32Array; stratumOf: (index: number) => number; count: number }

/**
 * Divides items by group, stratified, by a hash of the seed and the group: the same items give the same splits whatever
 * their order. A whole group goes one way; each stratum gets its share to within half a group, and what it missed is
 * carried to the next.
 */
export function assignSplits(items: SplitItems, plan: SplitPlan): Uint8Array {
  const assigned = new Uint8Array(items.count)
  // A group that spans strata stands where the first of them does.
  const home = firstStrata(items)
  const groups = groupsOf(shuffledByGroup(items, home, plan.seed), items.groups, home)
  let left = groups.order.length
  const take = (role: Role, count: number): void => {
    left -= divide(groups, assigned, roles.indexOf(role), left === 0 ? 0 : count / left)
  }
  take('example', plan.examples)
  take('seed', plan.seeds)
  take('audit', plan.audit)
  take('validation', left * plan.validationShare)
  take('test', left)
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

function groupsOf(order: Uint32Array, groups: Float64Array, home: Uint16Array): Groups {
  const starts = new Uint32Array(order.length + 1)
  let count = 0
  for (let at = 0; at < order.length; at += 1) {
    if (at === 0 || groups[order[at]!] !== groups[order[at - 1]!]) starts[count++] = at
  }
  starts[count] = order.length
  return { order, starts, stratumOf: (index) => home[order[starts[index]!]!]!, count }
}

/** Gives a share of each stratum's items that have no role yet this one; returns how many. */
function divide(
  { order, starts, stratumOf, count }: Groups,
  assigned: Uint8Array,
  role: number,
  share: number,
): number {
  const isFree = (index: number) => assigned[order[starts[index]!]!] === 0
  const width = (index: number) => starts[index + 1]! - starts[index]!
  const sizes = new Map<number, number>()
  for (let index = 0; index < count; index += 1) {
    if (isFree(index)) sizes.set(stratumOf(index), (sizes.get(stratumOf(index)) ?? 0) + width(index))
  }
  let [taken, target, filled, stratum] = [0, 0, 0, -1]
  for (let index = 0; index < count; index += 1) {
    if (!isFree(index)) continue
    if (stratumOf(index) !== stratum) {
      stratum = stratumOf(index)
      target = share * sizes.get(stratum)! + target - filled
      filled = 0
    }
    if (share < 1 && filled + width(index) / 2 > target) continue
    for (let at = starts[index]!; at < starts[index + 1]!; at += 1) assigned[order[at]!] = role
    filled += width(index)
    taken += width(index)
  }
  return taken
}
