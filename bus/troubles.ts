import { z } from 'zod'

/**
 * Something that keeps a process from its work, shown while it lasts: in the terminal of the session, by `syllabus status`
 * and on the live page. `server-away` the NATS server, or a part of it, does not answer. `no-room` it stores nothing more. `given-back`
 * messages come back to it again and again. `no-start` the agent cannot begin. `restarted` its process ended, and was started again.
 * `waits` it waits for something else, such as a teacher. `plugin` its plug-in was refused something, or bounded.
 */
export const Trouble = z.object({
  code: z.enum(['server-away', 'no-room', 'given-back', 'no-start', 'restarted', 'waits', 'plugin']),
  text: z.string(),
  /** What a person does about it, where that is known. */
  fix: z.string().optional(),
})
export type Trouble = z.infer<typeof Trouble>

/** The troubles of one process, each under a key of whoever finds it. */
export type Troubles = {
  /** Null: it is over. */
  set(key: string, trouble: Trouble | null): void
  readonly now: readonly Trouble[]
  /** Calls back after each change, until the signal fires. */
  onChange(callback: () => void, signal?: AbortSignal): void
}

export function createTroubles(): Troubles {
  const held = new Map<string, Trouble>()
  const listeners = new Set<() => void>()
  return {
    set(key, trouble) {
      const before = held.get(key)
      if (before?.text === trouble?.text && before?.code === trouble?.code) return
      if (trouble) held.set(key, trouble)
      else held.delete(key)
      for (const listener of listeners) listener()
    },
    get now() {
      return [...held.values()]
    },
    onChange(callback, signal) {
      listeners.add(callback)
      signal?.addEventListener('abort', () => listeners.delete(callback), { once: true })
    },
  }
}
