import { z } from 'zod'
import { FailureKind, type Yield } from '../../schemas/row.ts'

/** Indexes of a checked shard that gave no candidate, by what was to blame: how many, and the lowest of them in words. */
export const Failures = z.partialRecord(
  FailureKind,
  z.object({ count: z.number().int().positive(), index: z.number().int(), reason: z.string() }),
)
export type Failures = z.infer<typeof Failures>

const maxReasonChars = 300

/** The failures of one batch together. A batch of before failures had kinds blames the teacher. */
export function failuresOf(
  failures: readonly { index: number; reason: string; kind?: FailureKind | undefined }[],
): Failures {
  return failures.reduce<Failures>(
    (sum, { index, reason, kind = 'teacher' }) =>
      together(sum, { [kind]: { count: 1, index, reason: reason.slice(0, maxReasonChars) } }),
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
