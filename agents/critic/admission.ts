import type { RejectionReason, Row, Yield } from '../../schemas/row.ts'
import type { Failures } from './failures.ts'

/**
 * A candidate after the row-local checks: `rejected` holds its one reason, null when none of them objected. `alike`: it shares the
 * template of an evaluation item, with other numbers.
 */
export type CheckedRow = { row: Row; rejected: RejectionReason | null; alike?: boolean }

/** All shards of one round, checked. `asked` counts every index, failures included. */
export type CheckedShard = {
  shard: number
  source: string
  asked: number
  failures?: Failures
  rows: readonly CheckedRow[]
}

/** Finds rows that say what an admitted row says already. */
export type DuplicateIndex = {
  find(text: string): { kind: 'exact' | 'near' } | null
  add(id: string, text: string): void
}

/** `surplus`: rows that were good but more than their source's quota. `templateOverlap`: admitted rows that share an evaluation item's template. */
export type Admission = { admitted: Row[]; surplus: Row[]; bySource: Record<string, Yield>; templateOverlap: number }

/** Row ids in the order of admission: attempt, round, source, index, sample; numbers by value, not by letter. */
export function compareRowIds(left: string, right: string): number {
  const a = left.split('.')
  const b = right.split('.')
  const number = (text: string) => Number.parseInt(text.replace(/^[ar]/, ''), 10)
  return (
    number(a[0]!) - number(b[0]!) ||
    number(a[1]!) - number(b[1]!) ||
    (a[2]! < b[2]! ? -1 : a[2]! > b[2]! ? 1 : 0) ||
    number(a[3]!) - number(b[3]!) ||
    number(a[4]!) - number(b[4]!)
  )
}

/**
 * The ordered pass that closes a round: walks the candidates by id, compares each with the rows already admitted and with those
 * alone, and stops a source at its quota.
 * A1  A pure function of the closed round: the order in which shards arrived, and how often, does not matter.
 * A2  No row is admitted twice: an id that is there already is skipped, in and across rounds.
 * A3  Each candidate is admitted or has exactly one reason; asked = failed + admitted + rejected.
 */
export function admit(
  earlier: readonly Row[],
  shards: readonly CheckedShard[],
  quotas: Readonly<Record<string, number>>,
  index: DuplicateIndex,
): Admission {
  for (const row of earlier) index.add(row.id, row.input)
  const known = new Set(earlier.map((row) => row.id))
  const distinct = [...new Map(shards.map((shard) => [shard.shard, shard])).values()]
  const bySource: Record<string, Yield> = {}
  for (const { source, asked, rows } of distinct) {
    const counts = bySource[source] ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
    bySource[source] = { ...counts, asked: counts.asked + asked, generated: counts.generated + rows.length }
  }
  const admitted: Row[] = []
  const surplus: Row[] = []
  let templateOverlap = 0
  const ordered = distinct.flatMap((shard) => shard.rows).sort((a, b) => compareRowIds(a.row.id, b.row.id))
  for (const { row, rejected, alike } of ordered) {
    const counts = bySource[row.source]!
    const reason = rejected ?? objection(row, known, counts.admitted, quotas, index)
    if (reason) {
      counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1
      if (reason === 'surplus') surplus.push(row)
      continue
    }
    known.add(row.id)
    index.add(row.id, row.input)
    admitted.push(row)
    counts.admitted += 1
    if (alike) templateOverlap += 1
  }
  return { admitted, surplus, bySource, templateOverlap }
}

function objection(
  row: Row,
  known: ReadonlySet<string>,
  admittedOfSource: number,
  quotas: Readonly<Record<string, number>>,
  index: DuplicateIndex,
): RejectionReason | null {
  if (known.has(row.id)) return 'exact-duplicate'
  const twin = index.find(row.input)
  if (twin) return twin.kind === 'exact' ? 'exact-duplicate' : 'near-duplicate'
  return admittedOfSource >= (quotas[row.source] ?? 0) ? 'surplus' : null
}
