import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, type DeadLetter, TerminalError } from '../../bus/mod.ts'
import type { Log } from './log.ts'

const againMs = 1000

/**
 * Hands each dead letter to `take`, until the signal fires. One that `take` failed on comes again, since it was not acknowledged; with
 * TerminalError it is passed over. Never rejects.
 */
export async function followDead(
  bus: Pick<Bus, 'dead'>,
  { log, signal }: { log: Log; signal: AbortSignal },
  take: (letter: DeadLetter) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const letter of bus.dead.follow(signal)) {
        await take(letter).catch((error: unknown) => {
          if (!(error instanceof TerminalError)) throw error
          log.error({ id: letter.id, error: error.message }, 'a dead letter was passed over')
        })
      }
    } catch (error) {
      if (signal.aborted) return
      log.error({ error: String(error) }, 'a dead letter was not taken; it comes again')
      await sleep(againMs, undefined, { signal }).catch(() => {})
    }
  }
}
