import type { PayloadOf } from '../../schemas/message.ts'
import type { Control } from '../../schemas/messages/run.ts'
import { type Draft, putAttempt, setStatus } from './draft.ts'
import { searchOn } from './search.ts'

/** A person steers the run. */
export async function control(draft: Draft, { action, reason }: PayloadOf<typeof Control>): Promise<void> {
  if (draft.state.phase === 'done') return
  switch (action) {
    case 'pause':
      return setStatus(draft, 'paused', reason ?? 'paused by a person')
    case 'stop':
      return setStatus(draft, 'stopped', reason ?? 'stopped by a person')
    case 'resume':
      return setStatus(draft, 'running', reason ?? 'resumed')
    case 'finish':
      if (draft.state.phase === 'searching') draft.state = { ...draft.state, stopReason: 'stopped-by-user' }
      return
    case 'veto':
      return veto(draft, reason ?? 'vetoed by a person')
    default:
      return action satisfies never
  }
}

/** Refuses the dataset whose training is held back; the search goes on with the next attempt. */
async function veto(draft: Draft, reason: string): Promise<void> {
  const last = draft.state.attempts.at(-1)
  const job = `job:attempt-${last?.attempt}`
  if (!last || !draft.state.held.some((message) => message.id === job)) return
  draft.state = { ...draft.state, held: draft.state.held.filter((message) => message.id !== job) }
  putAttempt(draft, { ...last, outcome: 'invalid', rows: 0, dataset: null, datasetHash: null, error: reason })
  await searchOn(draft)
}
