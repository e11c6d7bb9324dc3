import { sha256 } from '../../../schemas/hash.ts'
import type { Row } from '../../../schemas/row.ts'
import { compareRowIds } from '../../../schemas/row.ts'
import { createDuplicateIndex } from '../../kit/dedup/duplicate-index.ts'
import type { Attempt } from '../state.ts'
import type { Store } from '../store.ts'

/**
 * Every distinct row that the search's attempts got through the critic's checks, in the order of their ids: what they admitted, and
 * what was good but more than their program wanted of a source. This is what there was to choose from before a planner weighted it.
 */
export async function verifiedRows(
  attempts: readonly Pick<Attempt, 'dataset' | 'surplus'>[],
  jaccard: number,
  store: Pick<Store, 'getRows'>,
): Promise<Row[]> {
  const refs = attempts.flatMap(({ dataset, surplus }) => [...(dataset ? [dataset] : []), ...surplus])
  const rows: Row[] = []
  for (const ref of refs) rows.push(...(await store.getRows(ref)))
  const index = createDuplicateIndex({ jaccard })
  return rows
    .toSorted((a, b) => compareRowIds(a.id, b.id))
    .filter(({ id, input }) => {
      if (index.find(input)) return false
      index.add(id, input)
      return true
    })
}

/** `count` of the rows, or all where there are fewer: each with the same chance, the same ones for the same seed, in their order. */
export function drawRows(rows: readonly Row[], count: number, seed: number): Row[] {
  const bySortKey = rows
    .map(({ id }) => ({ id, sortKey: sha256(`${seed}/${id}`) }))
    .toSorted((a, b) => (a.sortKey < b.sortKey ? -1 : 1))
  const taken = new Set(bySortKey.slice(0, count).map(({ id }) => id))
  return rows.filter(({ id }) => taken.has(id))
}
