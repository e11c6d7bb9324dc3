import { z } from 'zod'
import type { Source } from '../../schemas/program.ts'
import { FailureKind, type RejectionReason, type Row, type Yield } from '../../schemas/row.ts'
import { truncate } from '../../schemas/text.ts'
import type { Spent } from '../../schemas/usage.ts'
import type { Contamination } from '../kit/dedup/contamination.ts'
import type { DuplicateIndex } from '../kit/dedup/duplicate-index.ts'

/** A candidate after the row-local checks. */
export type CheckedRow = {
  row: Row
  /** Its one reason; null when none of them objected. */
  rejected: RejectionReason | null
  /** Where a contaminated row repeats an evaluation item. */
  match?: Omit<Contamination, 'split'> | undefined
  why?: string | undefined
  /** It shares the template of an evaluation item, with other numbers. */
  alike?: boolean
}

/** A shard of one round, checked. `asked` counts every index, failures included; `spent` is what a model was paid to check it. */
export type CheckedShard = {
  shard: number
  source: string
  asked: number
  failures?: Failures
  rows: readonly CheckedRow[]
  spent?: Spent | undefined
}

/** What the ordered pass decides on a candidate: admitted where there is no reason; `twin` is the admitted row that it repeats. */
export type AdmissionDecision = { reason: RejectionReason | null; twin?: string }

/** Rows that a round may still admit. */
export type Quotas = {
  bySource: Readonly<Record<string, number>>
  /** The plan's mix: what its sources want of a skill together. A source whose rows are of other skills cannot crowd these. */
  bySkill: Readonly<Record<string, number>>
}

/** The quotas of a round whose program has these sources. */
export function quotasOf(bySource: Readonly<Record<string, number>>, sources: readonly Source[]): Quotas {
  const bySkill: Record<string, number> = {}
  for (const { id, skill } of sources) bySkill[skill] = (bySkill[skill] ?? 0) + (bySource[id] ?? 0)
  return { bySource, bySkill }
}

/**
 * The ordered pass that closes a round: is shown the rows already admitted, then the candidates by id; compares each with those rows and
 * with those alone, and stops a source, and a skill, at its quota.
 * A1  A pure function of the closed round: the order in which shards arrived, and how often, does not matter.
 * A2  No row is admitted twice: an id that is there already is skipped, in and across rounds.
 * A3  Each candidate is admitted or has exactly one reason; asked = failed + admitted + rejected.
 *
 * Example: source x may have 1 more row, source y 2, both of one skill, and five indexes were asked of them, of which one failed.
 *
 *     x.1  What is 2 + 2?                   admitted
 *     x.2  How many days has a leap year?   surplus: x has its row
 *     y.1  What is 2 + 2?                   exact-duplicate of x.1
 *     y.2  Which number is half of 14?      admitted
 *
 * 5 asked = 1 failed + 2 admitted + 2 rejected. Had y.1 come from another shard first, the order by id would be the same.
 */
export function openAdmission(quotas: Quotas, index: DuplicateIndex) {
  const known = new Set<string>()
  const ofSkill: Record<string, number> = {}
  const bySource: Record<string, Yield> = {}
  const refusals: Record<string, Partial<Record<RejectionReason, string>>> = {}
  const surplus: Row[] = []
  let templateOverlap = 0
  const add = ({ id, input }: Row) => {
    known.add(id)
    index.add(id, input)
  }
  return {
    /** A row that was admitted before the round. */
    remember: add,
    /** Counts a shard; each once, and before its candidates. */
    count({ source, asked, rows }: Pick<CheckedShard, 'source' | 'asked' | 'rows'>): void {
      const counts = bySource[source] ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
      bySource[source] = { ...counts, asked: counts.asked + asked, generated: counts.generated + rows.length }
    },
    /** Whether a candidate is admitted, and why not. */
    decide({ row, rejected, why, alike }: CheckedRow): AdmissionDecision {
      const counts = bySource[row.source]!
      const { reason, ...repeated } = rejected
        ? { reason: rejected }
        : (repetition(row, known, index) ?? {
            reason: excess(row, { ofSource: counts.admitted, ofSkill: ofSkill[row.skill] ?? 0 }, quotas),
          })
      if (reason) {
        counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1
        if (why !== undefined) refusals[row.source] = { [reason]: why, ...refusals[row.source] }
        if (reason === 'surplus') surplus.push(row)
        return { reason, ...repeated }
      }
      add(row)
      counts.admitted += 1
      ofSkill[row.skill] = (ofSkill[row.skill] ?? 0) + 1
      if (alike) templateOverlap += 1
      return { reason: null }
    },
    /**
     * `refusals`: words for reasons, those of the first row of each. `surplus`: rows that were good but more than their source's quota.
     * `templateOverlap`: admitted rows that share an evaluation item's template.
     */
    result: () => ({ refusals, surplus, bySource, templateOverlap }),
  }
}

function repetition(row: Row, known: ReadonlySet<string>, index: DuplicateIndex): Required<AdmissionDecision> | null {
  if (known.has(row.id)) return { reason: 'exact-duplicate', twin: row.id }
  const twin = index.find(row.input)
  return twin && { reason: twin.kind === 'exact' ? 'exact-duplicate' : 'near-duplicate', twin: twin.id }
}

/** Balance against the plan's mix. */
function excess(
  { source, skill }: Row,
  admitted: { ofSource: number; ofSkill: number },
  { bySource, bySkill }: Quotas,
): RejectionReason | null {
  if (admitted.ofSource >= (bySource[source] ?? 0)) return 'surplus'
  return admitted.ofSkill >= (bySkill[skill] ?? 0) ? 'unbalanced' : null
}

/** Indexes of a checked shard that gave no candidate, by what was to blame: how many, and a description of the lowest. */
export const Failures = z.partialRecord(
  FailureKind,
  z.object({ count: z.number().int().positive(), index: z.number().int(), reason: z.string() }),
)
export type Failures = z.infer<typeof Failures>

const maxReasonChars = 300

/** The failures of one batch together. A batch of before failures had kinds blames the teacher. */
export function batchFailures(
  failures: readonly { index: number; reason: string; kind?: FailureKind | undefined }[],
): Failures {
  return failures.reduce<Failures>(
    (sum, { index, reason, kind = 'teacher' }) =>
      together(sum, { [kind]: { count: 1, index, reason: truncate(reason, maxReasonChars) } }),
    {},
  )
}

function together(one: Failures, other: Failures): Failures {
  const sum = { ...one }
  for (const [kind, more] of Object.entries(other) as [FailureKind, NonNullable<Failures[FailureKind]>][]) {
    const before = sum[kind]
    const first = before && before.index < more.index ? before : more
    sum[kind] = { ...first, count: more.count + (before?.count ?? 0) }
  }
  return sum
}

/** The failures of a round: counted into the yield of each source, and the words of the lowest index by source and kind. */
export function withFailures(
  bySource: Readonly<Record<string, Yield>>,
  shards: readonly { shard: number; source: string; failures: Failures }[],
): { bySource: Record<string, Yield>; failures: Record<string, Partial<Record<FailureKind, string>>> } {
  const distinct = [...new Map(shards.map((shard) => [shard.shard, shard])).values()]
  const sums = new Map<string, Failures>()
  for (const { source, failures } of distinct) sums.set(source, together(sums.get(source) ?? {}, failures))
  const failed = [...sums].filter(([, sum]) => Object.keys(sum).length > 0)
  const map = <T>(sum: Failures, of: (each: NonNullable<Failures[FailureKind]>) => T) =>
    Object.fromEntries(Object.entries(sum).map(([kind, each]) => [kind, of(each)])) as Partial<Record<FailureKind, T>>
  return {
    bySource: {
      ...bySource,
      ...Object.fromEntries(
        failed.map(([source, sum]) => [source, { ...bySource[source]!, failed: map(sum, ({ count }) => count) }]),
      ),
    },
    failures: Object.fromEntries(failed.map(([source, sum]) => [source, map(sum, ({ reason }) => reason)])),
  }
}
