import { TaskError } from '../task-error.ts'
import { fingerprint } from './fingerprint-set.ts'
import type { DraftItem } from './importer.ts'

const maxSkills = 1 << 16

/** What the division needs to know of each item, at ten bytes an item. */
export class ItemTable {
  groups = new Float64Array(1 << 10)
  strata = new Uint16Array(1 << 10)
  count = 0
  kept = 0
  private readonly skillIndex = new Map<string, number>()

  /** Adds an item as read; null for one that is left out. */
  add(item: DraftItem | null): void {
    if (this.count === this.groups.length) this.grow()
    if (item !== null) {
      this.groups[this.count] = groupKey(item)
      this.strata[this.count] = this.indexOf(item.skill)
      this.kept += 1
    }
    this.count += 1
  }

  get skills(): IterableIterator<string> {
    return this.skillIndex.keys()
  }

  /** Numbers the strata by the skills' names, so that the division does not depend on which skill was read first. */
  sortStrata(): void {
    const names = [...this.skillIndex.keys()].sort()
    const to = new Map(names.map((name, index) => [this.skillIndex.get(name)!, index]))
    for (let at = 0; at < this.count; at += 1) this.strata[at] = to.get(this.strata[at]!) ?? 0
    for (const [index, name] of names.entries()) this.skillIndex.set(name, index)
  }

  groupCount(): number {
    return new Set(this.groups.subarray(0, this.count).filter((group) => group !== 0)).size
  }

  private indexOf(skill: string): number {
    const found = this.skillIndex.get(skill)
    if (found !== undefined) return found
    const index = this.skillIndex.size
    if (index >= maxSkills)
      throw new TaskError(`More than ${maxSkills} skills`, skill, 'Give --skill a column with few different values.')
    this.skillIndex.set(skill, index)
    return index
  }

  private grow(): void {
    const groups = new Float64Array(this.groups.length * 2)
    groups.set(this.groups)
    this.groups = groups
    const strata = new Uint16Array(this.strata.length * 2)
    strata.set(this.strata)
    this.strata = strata
  }
}

/** What tells groups apart; an item that stands alone is a group of its own. */
export function groupKey({ group, id }: Pick<DraftItem, 'group' | 'id'>): number {
  return fingerprint(group === null ? `item:${id}` : `group:${group}`)
}
