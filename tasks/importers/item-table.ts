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
      this.groups[this.count] = fingerprint(`group:${item.group}`)
      this.strata[this.count] = this.indexOf(item.skill)
      this.kept += 1
    }
    this.count += 1
  }

  get skills(): IterableIterator<string> {
    return this.skillIndex.keys()
  }

  groupCount(): number {
    return new Set(this.groups.subarray(0, this.count).filter((group) => group !== 0)).size
  }

  private indexOf(skill: string): number {
    const found = this.skillIndex.get(skill)
    if (found !== undefined) return found
    const index = this.skillIndex.size
    if (index >= maxSkills) throw new RangeError(`more than ${maxSkills} skills`)
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
