import { hostname } from 'node:os'
import { z } from 'zod'
import { Role } from '../schemas/role.ts'
import { reasonOf } from './errors.ts'
import type { Sender } from './headers.ts'
import type { Kv } from './kv.ts'
import type { Logger } from './logger.ts'
import { atMost } from './retry.ts'
import { Trouble, type Troubles } from './troubles.ts'

const figure = z.number().nonnegative()

/** What a process counts of its own work with the bus, from its start on. */
export const ProcessFigures = z.object({
  /** Messages by name: how their handling ended, and for how many seconds they were handled. */
  handled: z.record(z.string(), z.object({ done: figure, again: figure, back: figure, dead: figure, seconds: figure })),
  /** Connections that were lost and made again. */
  reconnects: figure,
})
export type ProcessFigures = z.infer<typeof ProcessFigures>

/** A process that is there, in the bucket `agents` under `{role}.{variant}.{instance}`; it expires unless refreshed. */
export const Presence = z.looseObject({
  role: Role,
  variant: z.string(),
  instance: z.string(),
  /** The queue that it works on; left out by whoever works on none, and by versions that had the variant for it. */
  queue: z.string().optional(),
  pid: z.number().int(),
  host: z.string(),
  startedAt: z.iso.datetime(),
  lastMessageAt: z.iso.datetime().nullable(),
  /** Messages being worked on, as `name seq`. */
  handling: z.array(z.string()),
  /** What keeps it from its work, as text. */
  waiting: z.string().nullable().default(null),
  /** The same, each by its kind; left out where there is none. */
  troubles: z.array(Trouble).optional(),
  /** Messages that it works on at the same time. */
  slots: z.number().int().optional(),
  /** What it has done since it started; left out by versions that did not count. */
  figures: ProcessFigures.optional(),
})
export type Presence = z.infer<typeof Presence>

/** What the process is doing and has done, asked at each refresh. */
export type Activity = () => { lastMessageAt: Date | null; handling: readonly string[]; figures: ProcessFigures }

/** How long a process that ends waits for the server to take its presence away; else it expires. */
const goodbyeMs = 1000

/**
 * Keeps the process's presence fresh until disposed, written anew with each change of its troubles, and removes it then; one that cannot
 * start leaves it with the reason, until it expires. `ttlMs`: how long it is believed.
 */
export function announcePresence(
  kv: Kv<Presence>,
  who: Sender & { role: Role },
  extra: object,
  activity: Activity,
  { ttlMs, troubles, log }: { ttlMs: number; troubles: Troubles; log: Logger },
): AsyncDisposable {
  const startedAt = new Date().toISOString()
  const key = `${who.role}.${who.variant}.${who.instance}`
  let isQueued = false
  const refresh = async () => {
    isQueued = false
    const { lastMessageAt, handling, figures } = activity()
    const now = [...troubles.now]
    await kv.put(key, {
      waiting: now.length > 0 ? now.map(({ text }) => text).join('; ') : null,
      ...(now.length > 0 && { troubles: now }),
      ...extra,
      ...who,
      pid: process.pid,
      host: hostname(),
      startedAt,
      lastMessageAt: lastMessageAt?.toISOString() ?? null,
      handling: [...handling],
      figures,
    })
  }
  let pending = Promise.resolve()
  const queue = (step: () => Promise<void>) => {
    pending = pending
      .then(step)
      .catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'presence not written'))
    return pending
  }
  // While the server is away one is enough.
  const refreshSoon = () => {
    if (isQueued) return
    isQueued = true
    void queue(refresh)
  }
  refreshSoon()
  const timer = setInterval(refreshSoon, ttlMs / 4)
  const over = new AbortController()
  troubles.onChange(refreshSoon, over.signal)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      over.abort()
      const isLeft = troubles.now.some(({ code }) => code === 'no-start')
      const written = queue(isLeft ? refresh : () => kv.delete(key))
      await atMost(written, goodbyeMs).catch(() => {})
    },
  }
}
