import { hostname } from 'node:os'
import { z } from 'zod'
import { Role } from '../schemas/role.ts'
import { reasonOf } from './errors.ts'
import type { Sender } from './headers.ts'
import type { Kv } from './kv.ts'
import type { Logger } from './logger.ts'

/** A process that is there, in the bucket `agents` under `{role}.{variant}.{instance}`; it expires unless refreshed. */
export const Presence = z.looseObject({
  role: Role,
  variant: z.string(),
  instance: z.string(),
  pid: z.number().int(),
  host: z.string(),
  startedAt: z.iso.datetime(),
  lastMessageAt: z.iso.datetime().nullable(),
  /** Messages being worked on, as `name seq`. */
  handling: z.array(z.string()),
  /** In words: what its work waits for. */
  waiting: z.string().nullable().default(null),
})
export type Presence = z.infer<typeof Presence>

/** What the process is doing, asked at each refresh. */
export type Activity = () => { lastMessageAt: Date | null; handling: readonly string[] }

/** Keeps the process's presence fresh until disposed, and removes it then. `ttlMs`: how long it is believed. */
export function announcePresence(
  kv: Kv<Presence>,
  who: Sender & { role: Role },
  extra: object,
  activity: Activity,
  { ttlMs, log }: { ttlMs: number; log: Logger },
): AsyncDisposable {
  const startedAt = new Date().toISOString()
  const key = `${who.role}.${who.variant}.${who.instance}`
  const refresh = async () => {
    const { lastMessageAt, handling } = activity()
    await kv.put(key, {
      waiting: null,
      ...extra,
      ...who,
      pid: process.pid,
      host: hostname(),
      startedAt,
      lastMessageAt: lastMessageAt?.toISOString() ?? null,
      handling: [...handling],
    })
  }
  let pending = Promise.resolve()
  const queue = (step: () => Promise<void>) => {
    pending = pending
      .then(step)
      .catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'presence not written'))
    return pending
  }
  void queue(refresh)
  const timer = setInterval(() => void queue(refresh), ttlMs / 4)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await queue(() => kv.delete(key))
    },
  }
}
