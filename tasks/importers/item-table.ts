import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { itemsPerLabel, maxLabels } from '../answer-form.ts'
import { TaskError } from '../task-error.ts'
import type { SourceItem } from './importer.ts'
import { fingerprint } from './scratch.ts'

const maxSkills = 1 << 16
/** Sets of up to so many questions and characters are divided so that no question is a near-duplicate of one in another split. */
const maxTexts = 20_000
const maxTextChars = 5_000_000

export type ItemText = { readonly key: number; readonly text: string }

/** What the division needs of each item, on disk: its place as read, its group, the hash of seed and group, its skill and answer. */
export class ItemTable {
  readonly database: DatabaseSync
  count = 0
  kept = 0
  /** Undefined in a set too large to hold them. */
  private texts: ItemText[] | undefined = []
  private readonly skillIndex = new Map<string, number>()
  private readonly labelIndex = new Map<string, number>()
  private chars = 0
  private readonly joined = new Map<number, number>()
  private readonly insert: StatementSync

  private readonly seed: number

  constructor(database: DatabaseSync, seed: number) {
    this.database = database
    this.seed = seed
    database.exec(
      'CREATE TABLE items (place INTEGER PRIMARY KEY, key INTEGER, mixed INTEGER, skill INTEGER, label INTEGER)',
    )
    this.insert = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?, ?)')
  }

  /** Adds an item as read; null for one that is left out. */
  add(item: Pick<SourceItem, 'group' | 'id' | 'skill' | 'input' | 'answer'> | null): void {
    if (item !== null) {
      const key = groupKey(item)
      this.texts?.push({ key, text: item.input })
      this.chars += item.input.length
      if (this.kept >= maxTexts || this.chars > maxTextChars) this.texts = undefined
      const mixed = fingerprint(`${this.seed}:${key}`)
      this.insert.run(this.count, key, mixed, this.indexOf(item.skill), this.labelOf(item.answer))
      this.kept += 1
    }
    this.count += 1
  }

  /** The questions with their groups' keys, which are not held any longer; none of a set too large to hold them. */
  takeTexts(): ItemText[] {
    const texts = this.texts ?? []
    this.texts = undefined
    return texts
  }

  /** The skills and the numbers that their items carry, by name: the order of the strata does not depend on which was read first. */
  get skills(): [string, number][] {
    return [...this.skillIndex].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** What worked examples are to cover: labels where the answers are such, else skills; the column, and how many there are. */
  get kinds(): { column: 'label' | 'skill'; count: number } {
    const { size } = this.labelIndex
    const areLabels = size > 1 && size <= maxLabels && size * itemsPerLabel <= this.kept
    return areLabels ? { column: 'label', count: size } : { column: 'skill', count: this.skillIndex.size }
  }

  /** Makes one group of the two that the keys name. */
  join(one: number, other: number): void {
    const [kept, lost] = [this.keyOf(one), this.keyOf(other)].sort((a, b) => a - b) as [number, number]
    if (kept === lost) return
    this.joined.set(lost, kept)
    this.database
      .prepare('UPDATE items SET key = ?, mixed = ? WHERE key = ?')
      .run(kept, fingerprint(`${this.seed}:${kept}`), lost)
  }

  private keyOf(key: number): number {
    let own = key
    for (let next = this.joined.get(own); next !== undefined; next = this.joined.get(own)) own = next
    return own
  }

  /** The number of an answer; of one too many to be a label, that of none. */
  private labelOf(answer: string): number {
    const found = this.labelIndex.get(answer)
    if (found !== undefined) return found
    const index = this.labelIndex.size
    if (index <= maxLabels) this.labelIndex.set(answer, index)
    return index
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
}

/** What distinguishes groups; an item that stands alone is a group of its own. */
export function groupKey({ group, id }: Pick<SourceItem, 'group' | 'id'>): number {
  return fingerprint(group === null ? `item:${id}` : `group:${group}`)
}
