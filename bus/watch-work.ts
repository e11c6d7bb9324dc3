import { TroubleDelays } from '../schemas/bus-limits.ts'
import { fixOf } from '../schemas/user-error.ts'
import { UnfitError } from './errors.ts'
import type { Handled, WorkConsumerRef } from './handle.ts'
import type { Delivery, OnAnswer } from './pull.ts'
import type { Troubles } from './troubles.ts'

/** Messages of a kind that come back in a row before it is reported: one alone may pass by itself. */
const inARow = 2

/** Finds out what keeps a work loop from its work, from how its messages end and what its consumers answer, and sets it as a trouble. */
export function watchWork(troubles: Troubles, { consumerMs, givenBackMs } = TroubleDelays.parse({})) {
  const failed = new Map<string, { times: number; over: NodeJS.Timeout }>()
  const missingSince = new Map<string, number>()

  const forget = (name: string) => {
    clearTimeout(failed.get(name)?.over)
    failed.delete(name)
    troubles.set(`message ${name}`, null)
  }

  return {
    handled({ consumer, attempt }: Delivery<WorkConsumerRef>, { outcome, reason = '', error }: Handled): void {
      const { name } = consumer.message
      if (outcome === 'done' || outcome === 'dead') forget(name)
      if (outcome !== 'again') return
      const before = failed.get(name)
      clearTimeout(before?.over)
      const times = (before?.times ?? 0) + 1
      failed.set(name, { times, over: setTimeout(() => forget(name), givenBackMs).unref() })
      const isUnfit = error instanceof UnfitError
      if (!isUnfit && Math.max(times, attempt) < inARow) return
      const [text, fix] = isUnfit ? [error.message, error.fix] : [reason, fixOf(error)]
      troubles.set(`message ${name}`, {
        code: 'given-back',
        text: `gives back each ${name}: ${text}`,
        ...(fix && { fix }),
      })
    },
    answered: ((status, { stream, durable }) => {
      if (status === null) {
        if (missingSince.delete(durable) && missingSince.size === 0) troubles.set('consumers', null)
        return
      }
      const since = missingSince.get(durable) ?? performance.now()
      missingSince.set(durable, since)
      if (performance.now() - since < consumerMs) return
      const text = `is handed nothing: its consumers of the stream ${stream} do not answer (${status})`
      const fix = 'Where the server is there, its consumers were removed: the next start of a session makes them.'
      troubles.set('consumers', { code: 'server-away', text, fix })
    }) satisfies OnAnswer,
    stop() {
      for (const { over } of failed.values()) clearTimeout(over)
    },
  }
}
