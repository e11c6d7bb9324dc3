import { type Arm, type ArmKind, kindOf } from '../../../schemas/arm.ts'
import type { ArmRecord } from '../../../schemas/messages/evaluation.ts'
import type { ItemOutcome } from '../../../schemas/score.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { ArmResult } from '../contrasts.ts'
import { armMean } from '../statistics/share.ts'
import type { Grouped } from '../statistics/two-way.ts'
import { allParts } from '../text/names.ts'

/** The kinds of arms in reading order; submissions are none. */
export const armKinds: readonly ArmKind[] = [
  'base',
  'base-examples',
  'reference',
  'random',
  'one-shot',
  'control',
  'final',
]

/** What adapters made of the same evaluation set, each with its training seed. */
export type Adapters = { seeds: { index: number; items: readonly ItemOutcome[] }[] }

/** The adapters of one arm; the base is an arm of one. */
export type ArmScores = Adapters & { arm: Arm; sameAs: Arm | null }

/** The arms of one evaluation set in the order of their kinds, each with its seeds; an arm with another's dataset has its scores. */
export function armScores(
  results: readonly SealedResult[],
  records: readonly ArmRecord[],
  order: readonly ArmKind[],
): ArmScores[] {
  const own = Map.groupBy(results, ({ studentModel }) => studentModel.arm)
  const arms = new Set<Arm>([...records.map(({ arm }) => arm), ...own.keys()])
  const inOrder = order.flatMap((kind) => [...arms].filter((arm) => kindOf(arm) === kind))
  return inOrder.flatMap((arm) => {
    const sameAs = records.find((record) => record.arm === arm)?.sameAs ?? null
    const seeds = (own.get(sameAs ?? arm) ?? [])
      .map(({ studentModel, items }) => ({ index: studentModel.seedIndex, items }))
      .sort((one, other) => one.index - other.index)
    return seeds.length > 0 && seeds.every(({ items }) => items.length > 0) ? [{ arm, sameAs, seeds }] : []
  })
}

/** Items as they are drawn: those of one group together, one without a group alone. */
export const inGroups = <T extends Pick<ItemOutcome, 'id' | 'group'>>(items: readonly T[]): T[][] => [
  ...Map.groupBy(items, ({ id, group }) => group ?? id).values(),
]

/** The arms' right answers on the items that all their adapters were asked, in one order of groups. */
export type Together = { items: number; groups: number; tables: Grouped[] }

/** Counts the chosen items of several arms by group. */
export function together(arms: readonly Adapters[], mode: ScoreMode, chosen: (item: ItemOutcome) => boolean): Together {
  const adapters = arms.map(({ seeds }) => seeds.map(({ items }) => new Map(items.map((item) => [item.id, item]))))
  const all = adapters.flat()
  const common = [...(all[0]?.values() ?? [])].filter(
    (item) => chosen(item) && all.every((outcomes) => outcomes.has(item.id)),
  )
  const groups = inGroups(common)
  const sizes = groups.map((group) => group.length)
  const tables = adapters.map((seeds) => ({
    sizes,
    right: seeds.map((outcomes) => groups.map((group) => group.filter(({ id }) => outcomes.get(id)![mode]).length)),
  }))
  return { items: common.length, groups: groups.length, tables }
}

/** Chooses items by the name of what they belong to. */
type Chooser = (name: string) => (item: ItemOutcome) => boolean

/** Whether an item is of a part; `all` is every part. */
export const inPart: Chooser = (part) => (item) => part === allParts || item.part === part

export const ofSkill: Chooser = (skill) => (item) => item.skill === skill

/** What `of` gives for each part, or skill, that has items. */
export function byName<T>(names: readonly string[], of: (name: string, mode: ScoreMode) => T | null) {
  return Object.fromEntries(
    names.flatMap((name) => {
      const [strict, lenient] = [of(name, 'strict'), of(name, 'lenient')]
      return strict && lenient ? [[name, { strict, lenient }]] : []
    }),
  )
}

/** An arm's mean over its adapters on each part, or skill. */
export const meansOf = (scores: Adapters, names: readonly string[], chosen: Chooser = inPart): ArmResult['parts'] =>
  byName(names, (name, mode) => {
    const { items, groups, tables } = together([scores], mode, chosen(name))
    return items === 0 ? null : { items, groups, ...armMean(tables[0]!) }
  })
