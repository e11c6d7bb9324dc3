import { z } from 'zod'
import type { Kv } from '../../../bus/mod.ts'
import { ObjectRef } from '../../../schemas/ids.ts'
import type { CallBudget } from '../teacher/call.ts'

/** Who does a piece of metered work, and what it may have spent. Kept in KV and written with its revision. */
export const MeteredRecord = z.object({
  /** Grows with each owner; whoever wrote under an older one stops. */
  epoch: z.number().int().positive(),
  owner: z.string(),
  /** Calls reserved by all owners so far: no more were made, whatever crashed. */
  reserved: z.number().int().nonnegative(),
  /** Whether all of them were made: every owner before gave back what it did not use, and this one has reserved nothing since. */
  isExact: z.boolean().default(false),
  /** What the finished work made. */
  result: ObjectRef.nullable().default(null),
})
export type MeteredRecord = z.infer<typeof MeteredRecord>

/** Another process owns the work now. */
export class NotOwner extends Error {}

/** Paid work in this process's hands. */
export type Ownership = {
  readonly epoch: number
  readonly callBudget: CallBudget
  /** Calls that earlier owners reserved; all of them count as made. */
  readonly earlier: number
  /** Whether all of those were made. */
  readonly isEarlierExact: boolean
  /** Gives back what was reserved and not used, once no call is under way: work without a result lost nothing. @throws NotOwner */
  giveBack(): Promise<void>
  /** Closes the work with what it made. @throws NotOwner */
  close(result: ObjectRef): Promise<void>
}

/**
 * Takes a piece of work over, or gives what it made where it is closed.
 * O1  A call is made only below the watermark that was written before, under this owner's epoch.
 * O2  What earlier owners reserved and did not give back counts as spent, replied to or not, so `maxCalls` holds across any crash.
 * O3  A write with an old revision fails: then another took over, and this one spends and publishes nothing more.
 */
export async function takeWork(
  kv: Kv<MeteredRecord>,
  key: string,
  { owner, maxCalls, chunk }: { owner: string; maxCalls: number; chunk: number },
): Promise<Ownership | { result: ObjectRef }> {
  let { value: record } = await kv.modify(key, (held) => {
    if (held?.result) return held
    const { epoch, reserved, isExact } = held ?? { epoch: 0, reserved: 0, isExact: true }
    return { epoch: epoch + 1, owner, reserved, isExact, result: null }
  })
  if (record.result) return { result: record.result }
  const { epoch, reserved: earlier, isExact: isEarlierExact } = record
  let made = 0
  let writing: Promise<unknown> = Promise.resolve()

  const write = async (change: Partial<MeteredRecord>) => {
    const next = { ...record, ...change }
    await kv.modify(key, (held) => {
      // What stands under this epoch this owner wrote.
      if (held?.epoch !== epoch) throw new NotOwner(`${key} is another's`)
      return next
    })
    record = next
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = writing.then(work)
    writing = turn.catch(() => {})
    return turn
  }
  return {
    epoch,
    earlier,
    isEarlierExact,
    callBudget: {
      take: () =>
        inTurn(async () => {
          if (earlier + made >= record.reserved) {
            const reserved = Math.min(maxCalls, record.reserved + chunk)
            if (reserved <= record.reserved) return false
            await write({ reserved, isExact: false })
          }
          made += 1
          return true
        }),
      putBack() {
        made -= 1
      },
    },
    giveBack: () =>
      inTurn(async () => {
        const given = { reserved: earlier + made, isExact: isEarlierExact }
        if (given.reserved < record.reserved || given.isExact !== record.isExact) await write(given)
      }),
    close: (result) => inTurn(() => write({ result })),
  }
}

/** What work that another owner closes has made; null when it is not closed when the signal fires. */
export async function awaitClosed(
  kv: Kv<MeteredRecord>,
  key: string,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<ObjectRef | null> {
  while (!signal.aborted) {
    const held = await kv.get(key)
    if (held?.value.result) return held.value.result
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  return null
}
