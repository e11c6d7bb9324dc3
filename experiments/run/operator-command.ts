import { randomUUID } from 'node:crypto'
import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { OperatorCommand } from '../../schemas/messages/run.ts'
import { queuesOf } from '../../schemas/queue.ts'

/** What an operator asks of a run. */
export type Action = PayloadOf<typeof OperatorCommand>['action']

/** Gives the message's place in the log. */
export async function sendCommand(
  bus: Bus,
  { config }: PlannerState,
  action: Action,
  more: Omit<PayloadOf<typeof OperatorCommand>, 'action'> = {},
): Promise<number> {
  const target = { runId: config.runId, variant: queuesOf(config).planner, id: `control:${action}:${randomUUID()}` }
  const { seq } = await bus.publish(OperatorCommand, target, { action, ...more })
  return seq
}
