import type { PayloadOf } from '../../schemas/message.ts'
import type { OperatorCommand } from '../../schemas/messages/run.ts'
import { resume } from './generate.ts'
import { searchOn } from './search.ts'
import { putAttempt, type StepContext, setStatus } from './step-context.ts'

/** A person steers the run. */
export async function control(context: StepContext, command: PayloadOf<typeof OperatorCommand>): Promise<void> {
  const { action, reason } = command
  if (action === 'resume' && context.deps.policy.trainsNothing) return resume(context, command)
  if (context.state.phase === 'done') return
  switch (action) {
    case 'pause':
      return setStatus(context, 'paused', reason ?? 'paused by a person')
    case 'stop':
      return setStatus(context, 'stopped', reason ?? 'stopped by a person')
    case 'resume':
      return setStatus(context, 'running', reason ?? 'resumed')
    case 'finish':
      if (context.state.phase === 'searching') context.state = { ...context.state, stopReason: 'stopped-by-user' }
      return
    case 'veto':
      return veto(context, reason ?? 'vetoed by a person')
    default:
      return action satisfies never
  }
}

/** Refuses the dataset whose training is held back; the search goes on with the next attempt. */
async function veto(context: StepContext, reason: string): Promise<void> {
  const last = context.state.attempts.at(-1)
  const job = `job:attempt-${last?.attempt}`
  if (!last || !context.state.held.some((message) => message.id === job)) return
  context.state = { ...context.state, held: context.state.held.filter((message) => message.id !== job) }
  putAttempt(context, { ...last, outcome: 'invalid', rows: 0, dataset: null, datasetHash: null, error: reason })
  await searchOn(context)
}
