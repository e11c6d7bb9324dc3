import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { pickRun } from '../../experiments/run/pick-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Control } from '../../schemas/messages/run.ts'

type Action = PayloadOf<typeof Control>['action']

const actions: Record<Exclude<Action, 'resume'>, string> = {
  stop: 'finish what is in hand, then rest; nothing is lost, "resume" goes on',
  pause: 'hold back new work; agents stay up; rows can be inspected and a dataset vetoed',
  finish: 'end the search with the best attempt so far, and open the test',
  veto: 'refuse the dataset that waits for training (pause first)',
}

/** Gives the message's place in the log. */
export async function sendControl(
  bus: Bus,
  { config }: PlannerState,
  action: Action,
  more: Omit<PayloadOf<typeof Control>, 'action'> = {},
): Promise<number> {
  const target = { runId: config.runId, variant: config.variants.planner, id: `control:${action}:${randomUUID()}` }
  const { seq } = await bus.publish(Control, target, { action, ...more })
  return seq
}

export function registerControl(program: Command): void {
  for (const [action, description] of Object.entries(actions) as [Action, string][]) {
    program
      .command(action)
      .description(description)
      .argument('[run]', 'run id; may be left out when only one runs')
      .option('--reason <text>', 'noted in the log')
      .action(async (runId: string | undefined, { reason }: { reason?: string }) =>
        withBus(async (bus) => {
          const state = await pickRun(bus, runId, ({ phase }) => phase !== 'done')
          await sendControl(bus, state, action, { reason })
          console.log(`${action} sent to ${state.config.runId}`)
        }),
      )
  }
}
