import type { Description } from '../schemas/describe.ts'
import type { PayloadOf } from '../schemas/message.ts'
import type { MessageName, Registry } from '../schemas/registry.ts'

/** One message of a run's log, with the description that the live page and the terminal show. */
export type MessageEvent<Name extends MessageName = MessageName> = {
  [N in Name]: {
    type: 'message'
    /** Its place in the log: `readRun(id).events({ from: seq + 1 })` goes on behind it. */
    seq: number
    /** When the server stored it, ISO 8601 in UTC. */
    at: string
    name: N
    from: { role: string; variant: string; instance: string }
    id: string
    description: Description
    payload: PayloadOf<Registry[N]>
  }
}[Name]

/** What happens while a run goes on. */
export type RunEvent =
  | MessageEvent
  /** The run has its name. */
  | { type: 'run'; runId: string }
  /** The address of its live page, token included. */
  | { type: 'page'; url: string }
  /** Progress of long work: `done` of `total`. */
  | { type: 'progress'; label: string; done: number; total: number; detail?: string }
  /** What the command line would print. */
  | { type: 'line'; text: string }
  /** The files of the report. */
  | { type: 'report'; html: string; md: string; json: string }
  /** A run that was written to a tracker, and whether that has all of it. */
  | { type: 'tracked'; runId: string; tracker: string; target: string; whole: boolean }
  /** So many events were not taken in time, and left out here. They are in the run's log. */
  | { type: 'dropped'; events: number }

/** Whether an event is a message of this name, so that its payload has its type. */
export const isMessage = <Name extends MessageName>(
  event: RunEvent,
  name: Name,
): event is Extract<MessageEvent, { name: Name }> => event.type === 'message' && event.name === name

const types: ReadonlySet<string> = new Set(['message', 'run', 'page', 'progress', 'line', 'report', 'tracked'])

/** A line of a command as an event; null for a line that is none, as an estimate. */
export function eventOf(line: unknown): RunEvent | null {
  const { type } = line as { type?: string }
  return type !== undefined && types.has(type) ? (line as RunEvent) : null
}

/** Events on their way to one reader. */
export type EventQueue = AsyncIterable<RunEvent> & {
  push(event: RunEvent): void
  /** No more come; what is there can still be taken. With an error the reader's last step throws it. */
  close(error?: Error): void
}

/** Holds `limit` events at most; the oldest leave first, and their number stands in their place. */
export function createEventQueue(limit: number): EventQueue {
  const waiting: RunEvent[] = []
  let dropped = 0
  let end: { error: Error | undefined } | null = null
  let moved = Promise.withResolvers<void>()
  const notify = () => {
    moved.resolve()
    moved = Promise.withResolvers()
  }

  async function* events(): AsyncGenerator<RunEvent> {
    for (;;) {
      if (dropped > 0) {
        const event: RunEvent = { type: 'dropped', events: dropped }
        dropped = 0
        yield event
      } else if (waiting.length > 0) yield waiting.shift()!
      else if (end) {
        if (end.error) throw end.error
        return
      } else await moved.promise
    }
  }

  return {
    push(event) {
      waiting.push(event)
      if (waiting.length > limit) {
        waiting.shift()
        dropped += 1
      }
      notify()
    },
    close(error) {
      end = { error }
      notify()
    },
    [Symbol.asyncIterator]: events,
  }
}
