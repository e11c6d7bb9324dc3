import { isDeepStrictEqual } from 'node:util'

/** A place where the bundle says one thing and its other parts come to another. */
export type Mismatch = { place: string; recorded: unknown; recomputed: unknown }

/** What one check compared, and what it could not. */
export type Checked = { compared: number; differences: Mismatch[]; unchecked: string[] }

/** Notes what a check compares. */
export type Ledger = {
  /** `recomputed` is what the other parts come to. */
  same(place: string, recorded: unknown, recomputed: unknown): void
  differs(difference: Mismatch): void
  /** Something that cannot be compared with this bundle, and why. */
  leave(why: string): void
  count(comparisons: number): void
  /** All that another ledger noted. */
  add(checked: Checked): void
  result(): Checked
}

/** JSON has no undefined: a field that is left out and one that is undefined are the same. */
const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)))

/** An empty ledger. Values are compared as JSON. */
export function openLedger(): Ledger {
  const unchecked = new Set<string>()
  const differences: Mismatch[] = []
  let compared = 0
  return {
    same(place, recorded, recomputed) {
      compared += 1
      const [one, other] = [plain(recorded), plain(recomputed)]
      if (!isDeepStrictEqual(one, other)) differences.push({ place, recorded: one, recomputed: other })
    },
    differs: (difference) => void differences.push(difference),
    leave: (why) => void unchecked.add(why),
    count: (comparisons) => {
      compared += comparisons
    },
    add: (checked) => {
      compared += checked.compared
      differences.push(...checked.differences)
      for (const why of checked.unchecked) unchecked.add(why)
    },
    result: () => ({ compared, differences, unchecked: [...unchecked] }),
  }
}
