import type { Bus } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { Row } from '../../schemas/row.ts'
import { TokenizerFiles, TokenLimit } from '../../schemas/token-limit.ts'
import { memo } from '../kit/cache.ts'
import { openTokenCounter, surelyFits } from '../kit/token-counter.ts'

/** Whether a row is no longer than the student's recipe trains on. */
export type FitsStudent = (row: Row) => Promise<boolean>

/** Reads a round's TokenLimit; its tokenizer only when a row may be too long. Without a limit every row fits. */
export function openStudentLength({
  objects,
}: Pick<Bus, 'objects'>): (ref: ObjectRef | undefined) => Promise<FitsStudent> {
  const opened = memo(
    async (ref: ObjectRef): Promise<FitsStudent> => {
      const limit = await objects.getJson(ref, TokenLimit)
      const counter = memo(
        async (file: ObjectRef) => openTokenCounter(await objects.getJson(file, TokenizerFiles), limit),
        ({ sha256 }) => sha256,
      )
      return async (row) => surelyFits(row, limit) || (await counter(limit.tokenizer))(row) <= limit.cutoffLen
    },
    ({ sha256 }) => sha256,
  )
  return async (ref) => (ref ? opened(ref) : async () => true)
}
