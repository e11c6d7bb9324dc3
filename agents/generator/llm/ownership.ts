import { z } from 'zod'
import type { Bus, Kv } from '../../../bus/mod.ts'
import { ObjectRef } from '../../../schemas/ids.ts'
import type { Purse } from '../../kit/teacher/teacher.ts'

/** Who works on a shard, and what it may have spent. Kept in KV and written with its revision. */
export const ShardRecord = z.object({
  /** Grows with each owner; whoever wrote under an older one stops. */
  epoch: z.number().int().positive(),
  owner: z.string(),
  /** Calls reserved by all owners so far: no more were made, whatever crashed. */
  reserved: z.number().int().nonnegative(),
  /** The finished batch. */
  batch: ObjectRef.nullable(),
})
export type ShardRecord = z.infer<typeof ShardRecord>

/** Another process owns the shard now. */
export class NotOwner extends Error {}

/** A shard in this process's hands. */
export type Ownership = {
  readonly epoch: number
  readonly purse: Purse
  /** Calls that count: all that earlier owners reserved, and those made under this epoch. */
  spent(): number
  /** Closes the shard with its batch. Throws NotOwner. */
  close(batch: ObjectRef): Promise<void>
}

/** Calls reserved with one write. */
const chunk = 16

/**
 * Takes a shard over, or gives the batch of one that is closed.
 * O1  A call is made only below the watermark that was written before, under this owner's epoch.
 * O2  What earlier owners reserved counts as spent, replied to or not, so `maxCalls` holds across any crash.
 * O3  A write with an old revision fails: then another took over, and this one spends and publishes nothing more.
 */
export async function takeShard(
  kv: Kv<ShardRecord>,
  key: string,
  { owner, maxCalls }: { owner: string; maxCalls: number },
): Promise<Ownership | { batch: ObjectRef }> {
  for (;;) {
    const held = await kv.get(key)
    if (held?.value.batch) return { batch: held.value.batch }
    const earlier = held?.value.reserved ?? 0
    let record: ShardRecord = { epoch: (held?.value.epoch ?? 0) + 1, owner, reserved: earlier, batch: null }
    const first = held ? await kv.update(key, record, held.revision) : await kv.create(key, record)
    if (typeof first !== 'number') continue
    let revision = first
    let made = 0
    let writing: Promise<unknown> = Promise.resolve()

    const write = async (change: Partial<ShardRecord>) => {
      const next = { ...record, ...change }
      const saved = await kv.update(key, next, revision)
      if (typeof saved !== 'number') throw new NotOwner(`${key} is another's`)
      revision = saved
      record = next
    }
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const turn = writing.then(work)
      writing = turn.catch(() => {})
      return turn
    }
    return {
      epoch: record.epoch,
      spent: () => earlier + made,
      purse: {
        take: () =>
          inTurn(async () => {
            if (earlier + made >= record.reserved) {
              const reserved = Math.min(maxCalls, record.reserved + chunk)
              if (reserved <= record.reserved) return false
              await write({ reserved })
            }
            made += 1
            return true
          }),
      },
      close: (batch) => inTurn(() => write({ batch })),
    }
  }
}

/** The batch of a shard that another owner closes; null when it is not closed when the signal fires. */
export async function awaitClosed(bus: Bus, key: string, signal: AbortSignal): Promise<ObjectRef | null> {
  const kv = bus.kv('shards', ShardRecord)
  while (!signal.aborted) {
    const held = await kv.get(key)
    if (held?.value.batch) return held.value.batch
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  return null
}
