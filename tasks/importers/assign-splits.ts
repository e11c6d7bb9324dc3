import type { DatabaseSync } from 'node:sqlite'
import type { ItemTable } from './item-table.ts'

/** Where an item goes. `dropped` holds repeats of an earlier question, and what is more than the splits may hold. */
export const itemUses = ['dropped', 'validation', 'test', 'audit', 'example', 'seed'] as const
export type ItemUse = (typeof itemUses)[number]

/**
 * How many items go where; validation takes `validationShare` of what the others leave, the test the rest, both together no more than
 * `evaluated`, where it is given.
 */
export type SplitPlan = {
  audit: number
  examples: number
  seeds: number
  validationShare: number
  evaluated?: number | undefined
}

export type Division = {
  counts: Record<ItemUse, number>
  /** Groups that were divided. */
  groups: number
  /** Items that the splits had no room for. */
  unused: number
  /** Skills with too few groups to be in both validation and test. */
  lopsided: string[]
  /** The role of every item, in reading order. */
  roles(): Generator<ItemUse>
}

/** Groups that are looked at together. */
const chunk = 1_000

/**
 * Divides items by group, stratified, by a hash of the seed and the group: the same items give the same splits whatever
 * their order. A whole group goes one way; each stratum gets its share to within half a group, and what it missed is
 * carried to the next.
 */
export function assignSplits(table: ItemTable, plan: SplitPlan): Division {
  const { database, kept, count } = table
  const groups = orderGroups(table)
  let left = kept
  const take = (role: ItemUse, wanted: number): number => {
    const taken = wanted > 0 ? divide(database, role, left === 0 ? 0 : wanted / left) : 0
    left -= taken
    return taken
  }
  const covering = coverKinds(table, plan.examples)
  left -= covering
  const example = covering + take('example', plan.examples - covering)
  const [seed, audit] = [take('seed', plan.seeds), take('audit', plan.audit)]
  const evaluated = Math.min(left, plan.evaluated ?? left)
  const validation = take('validation', evaluated * plan.validationShare)
  const test = take('test', Math.min(left, evaluated - validation))
  return {
    counts: { dropped: count - kept, validation, test, audit, example, seed },
    groups,
    unused: left,
    lopsided: lopsidedSkills(table),
    roles: () => rolesInOrder(database, count),
  }
}

/** One row a group, by stratum (that of its first skill), then by the hash of seed and group; returns how many. */
function orderGroups({ database, skills }: ItemTable): number {
  database.exec('CREATE TABLE strata (skill INTEGER PRIMARY KEY, stratum INTEGER)')
  const number = database.prepare('INSERT INTO strata VALUES (?, ?)')
  for (const [stratum, [, skill]] of skills.entries()) number.run(skill, stratum)
  database.exec(`
    CREATE TABLE groups (place INTEGER PRIMARY KEY, key INTEGER, stratum INTEGER, size INTEGER, role INTEGER);
    INSERT INTO groups (key, stratum, size, role)
      SELECT key, min(stratum) AS home, count(*), 0 FROM items JOIN strata USING (skill)
      GROUP BY key ORDER BY home, mixed, key;
    CREATE INDEX groups_by_key ON groups (key)`)
  return Number(database.prepare('SELECT count(*) AS count FROM groups').get()!.count)
}

/** Fewer groups than these of a kind are left to validation and test. */
const leastGroups = 3

/**
 * Makes one group of each kind an example, the smallest and of these the first, the kinds with the most items first, so that the examples
 * show every label or skill; returns how many items. Nothing where there is one kind alone.
 */
function coverKinds({ database, kinds: { column, count } }: ItemTable, wanted: number): number {
  if (count < 2 || wanted === 0) return 0
  const firsts = database.prepare(
    `SELECT min(size) AS size, groups.place AS place FROM (
       SELECT items.${column} AS kind, count(*) AS items, min(mixed) AS mixed, count(DISTINCT groups.place) AS groups,
         min(size * 1000000000000 + groups.place) % 1000000000000 AS first
       FROM items JOIN groups ON groups.key = items.key GROUP BY kind
     ) AS kinds JOIN groups ON groups.place = kinds.first
     WHERE kinds.groups >= ${leastGroups} GROUP BY groups.place ORDER BY max(kinds.items) DESC, min(kinds.mixed)`,
  )
  const give = database.prepare('UPDATE groups SET role = ? WHERE place = ?')
  let taken = 0
  for (const { size, place } of firsts.all()) {
    if (taken + Number(size) > wanted) continue
    give.run(itemUses.indexOf('example'), place!)
    taken += Number(size)
  }
  return taken
}

/** Gives a share of each stratum's items that have no role yet this one; returns how many. */
function divide(database: DatabaseSync, role: ItemUse, share: number): number {
  const sizes = new Map<number, number>()
  for (const row of database
    .prepare('SELECT stratum, sum(size) AS size FROM groups WHERE role = 0 GROUP BY stratum')
    .all()) {
    sizes.set(Number(row.stratum), Number(row.size))
  }
  const give = database.prepare('UPDATE groups SET role = ? WHERE place = ?')
  let [taken, target, filled, current] = [0, 0, 0, -1]
  for (const { place, stratum, size } of freeGroups(database)) {
    if (stratum !== current) {
      current = stratum
      target = share * sizes.get(stratum)! + target - filled
      filled = 0
    }
    if (share < 1 && filled + size / 2 > target) continue
    give.run(itemUses.indexOf(role), place)
    filled += size
    taken += size
  }
  return taken
}

function lopsidedSkills({ database, skills }: ItemTable): string[] {
  const inBoth = database
    .prepare(
      `SELECT skill FROM items JOIN groups USING (key) GROUP BY skill
       HAVING max(role = ${itemUses.indexOf('validation')}) = 1 AND max(role = ${itemUses.indexOf('test')}) = 1`,
    )
    .all()
  const found = new Set(inBoth.map(({ skill }) => Number(skill)))
  return skills.filter(([, skill]) => !found.has(skill)).map(([name]) => name)
}

type Group = { place: number; stratum: number; size: number }

function* freeGroups(database: DatabaseSync): Generator<Group> {
  const next = database.prepare(
    'SELECT place, stratum, size FROM groups WHERE role = 0 AND place > ? ORDER BY place LIMIT ?',
  )
  let last = 0
  for (;;) {
    const groups = next.all(last, chunk) as Group[]
    if (groups.length === 0) return
    last = groups.at(-1)!.place
    yield* groups
  }
}

function* rolesInOrder(database: DatabaseSync, count: number): Generator<ItemUse> {
  const rows = database.prepare(
    'SELECT items.place, role FROM items JOIN groups ON groups.key = items.key ORDER BY items.place',
  )
  let place = 0
  for (const row of rows.iterate()) {
    for (; place < Number(row.place); place += 1) yield 'dropped'
    yield itemUses[Number(row.role)]!
    place += 1
  }
  for (; place < count; place += 1) yield 'dropped'
}
